import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoStore, dynamoOptions } from '../../../adapters/aws/store/store.ts';
import type { Store } from '../../../ports/store.ts';
import type { AwsConfig } from '../aws-config.ts';

export const createStore = ({ region, table }: AwsConfig): Store =>
  createDynamoStore({ client: new DynamoDBClient(dynamoOptions({ region })), table });
