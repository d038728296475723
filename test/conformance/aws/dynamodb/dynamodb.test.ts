/** The store on DynamoDB Local: its contract, the faults of the way to it, and its bill. */
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe } from 'vitest';
import { createDynamoStore, dynamoOptions } from '../../../../functions/adapters/aws/store/store.ts';
import { createTableInput } from '../../../../functions/adapters/aws/store/table.ts';
import { storeContract } from '../../../contracts/store.ts';
import { startDynamoDb, whyNoDynamoDb } from '../../support/aws/dynamodb.ts';
import { startRuledProxy } from '../../support/faults.ts';
import { faultCases } from './dynamodb-faults.ts';
import { billCases, limitCases } from './dynamodb-limits.ts';
import { type ConnectOptions, type Local, TABLE } from './dynamodb-subject.ts';
import { unitCases } from './dynamodb-units.ts';

const reason = await whyNoDynamoDb();
if (reason !== undefined) console.log(`Skipped, for want of DynamoDB Local: ${reason}`);

describe.skipIf(reason !== undefined)('DynamoDB Local', () => {
  const closing: (() => Promise<void> | void)[] = [];
  let local: Local | undefined;

  const connect = (endpoint: string, { requestTimeout = 20_000, ...options }: ConnectOptions = {}) => {
    const production = dynamoOptions({ region: 'us-east-1', endpoint });
    const client = new DynamoDBClient({
      ...production,
      requestHandler: { ...production.requestHandler, requestTimeout },
      credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    });
    closing.push(() => client.destroy());
    return { client, store: createDynamoStore({ client, table: TABLE, ...options }) };
  };

  beforeAll(async () => {
    const server = await startDynamoDb();
    closing.push(server.stop);
    const proxy = await startRuledProxy(server.url);
    closing.push(proxy.stop);
    const { client, store } = connect(server.url);
    await client.send(new CreateTableCommand(createTableInput(TABLE)));
    local = { proxy, client, store, connect: (options) => connect(proxy.url, options).store };
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  const subject = (): Local => {
    if (!local) throw new Error('DynamoDB Local has not started');
    return local;
  };

  storeContract('DynamoDB', async () => {
    const store = subject().connect();
    return { store, dispose: () => store.close() };
  });
  faultCases(subject);
  limitCases(subject);
  billCases(subject);
  unitCases(subject);
});
