/** The one table that holds everything Berth remembers. It stays when the stack is removed. */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { STORE_TABLE } from '../../functions/adapters/aws/store/table.ts';
import { accept } from '../support/accept.ts';

const attribute = ({ name, type }: { name: string; type: string }): dynamodb.Attribute => ({
  name,
  type: type as dynamodb.AttributeType,
});

export class DataStack extends Stack {
  readonly table: dynamodb.TableV2;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const { partitionKey, sortKey, index } = STORE_TABLE;
    this.table = new dynamodb.TableV2(this, 'Table', {
      partitionKey: attribute(partitionKey),
      sortKey: attribute(sortKey),
      billing: dynamodb.Billing.onDemand(),
      // With DynamoDB's own key, which costs nothing and needs no grant.
      encryption: dynamodb.TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      globalSecondaryIndexes: [
        {
          indexName: index.name,
          partitionKey: attribute(index.partitionKey),
          sortKey: attribute(index.sortKey),
          projectionType: dynamodb.ProjectionType[index.projection],
        },
      ],
    });
    new CfnOutput(this, 'TableName', { value: this.table.tableName });
    accept(this.table, {
      'NIST.800.53.R5-DynamoDBInBackupPlan':
        'Point-in-time recovery covers 35 days; a backup plan beyond that is the choice of the account’s owner.',
    });
  }
}
