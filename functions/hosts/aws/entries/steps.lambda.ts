/** Runs one step of a workflow: Step Functions -> alias of the step's name -> Lambda. */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { TransientError } from '../../../core/problem.ts';
import type { Units } from '../../../core/units.ts';
import type { StepInput } from '../../../workflows/step.ts';
import { runStepNamed } from '../../../workflows/steps.ts';
import { readAwsConfig } from '../aws-config.ts';
import { createAwsPorts } from '../aws-ports.ts';
import { faults } from '../fault-log.ts';

/** The time that is left for a step to end well before Lambda ends it, milliseconds. */
const MARGIN_MS = 10_000;

const { ports, flush } = createAwsPorts(readAwsConfig(process.env));

/** The alias that was called: the last part of an ARN such as `...:function:name:awaitRollout`. */
const stepName = ({ invokedFunctionArn }: Context): string => invokedFunctionArn.split(':')[7] ?? '';

async function run(input: StepInput, context: Context): Promise<Units> {
  const time = new AbortController();
  const out = new TransientError('The step needs more time than one invocation has');
  const left = Math.max(0, context.getRemainingTimeInMillis() - MARGIN_MS);
  const timer = setTimeout(() => time.abort(out), left);
  try {
    return await runStepNamed(ports, stepName(context), input, time.signal);
  } finally {
    clearTimeout(timer);
    await flush();
  }
}

export const handler = middy<StepInput>().use(faults('step')).handler(run);
