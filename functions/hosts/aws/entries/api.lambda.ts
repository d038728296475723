/** Answers the requests of the API: HTTP API -> Lambda. */
import middy from '@middy/core';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { createAwsApp } from '../aws-app.ts';
import { closedToOthers } from '../edge-gate.ts';
import { faults } from '../fault-log.ts';

const { app, flush } = createAwsApp(process.env);
const answer = handle(app);

async function run(event: LambdaEvent, context: LambdaContext): Promise<unknown> {
  try {
    return await answer(event, context);
  } finally {
    await flush();
  }
}

const gate = closedToOthers(process.env.BERTH_EDGE_KEY, run);

export const handler = middy<LambdaEvent>().use(faults('request')).handler(gate);
