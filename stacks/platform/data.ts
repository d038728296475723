/** The one table that holds everything Berth remembers. It stays when the stack is removed, and when another one is used. */
import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { STORE_TABLE } from '../../functions/adapters/aws/store/table.ts';
import { accept } from '../support/accept.ts';

const attribute = ({ name, type }: { name: string; type: string }): dynamodb.Attribute => ({
  name,
  type: type as dynamodb.AttributeType,
});

export interface DataStackProps extends StackProps {
  /** The name of a table that was restored, which is used in the place of the one made here. */
  restored?: string | undefined;
}

export class DataStack extends Stack {
  /** Of the table that is in use. */
  readonly tableName: string;
  readonly tableArn: string;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { partitionKey, sortKey, index } = STORE_TABLE;
    const table = new dynamodb.TableV2(this, 'Table', {
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
    // Others import these also while they use another table.
    const [name, arn] = [this.exportValue(table.tableName), this.exportValue(table.tableArn)];
    const { restored } = props;
    this.tableName = restored ?? name;
    this.tableArn =
      restored === undefined
        ? arn
        : this.formatArn({ service: 'dynamodb', resource: 'table', resourceName: restored });
    new CfnOutput(this, 'TableName', { value: restored ?? table.tableName });
    accept(table, {
      'NIST.800.53.R5-DynamoDBInBackupPlan':
        'Point-in-time recovery covers 35 days; a backup plan beyond that is the choice of the account’s owner.',
    });
  }
}
