/** The one table of the store: what the stacks make, and what the tests make. */

/** Names and types of the keys, as CloudFormation and the API spell the types. */
export const STORE_TABLE = {
  partitionKey: { name: 'pk', type: 'S' },
  sortKey: { name: 'sk', type: 'S' },
  /** Sparse: only what is due has these. Keys alone are projected: see docs/adr/0011. */
  index: {
    name: 'due',
    partitionKey: { name: 'dueQueue', type: 'S' },
    sortKey: { name: 'dueAt', type: 'N' },
    projection: 'KEYS_ONLY',
  },
  billingMode: 'PAY_PER_REQUEST',
} as const;

/** The same as input of CreateTable. */
export function createTableInput(tableName: string) {
  const { partitionKey, sortKey, index, billingMode } = STORE_TABLE;
  const schema = (partition: { name: string }, sort: { name: string }) => [
    { AttributeName: partition.name, KeyType: 'HASH' as const },
    { AttributeName: sort.name, KeyType: 'RANGE' as const },
  ];
  return {
    TableName: tableName,
    AttributeDefinitions: [partitionKey, sortKey, index.partitionKey, index.sortKey].map(
      ({ name, type }) => ({ AttributeName: name, AttributeType: type }),
    ),
    KeySchema: schema(partitionKey, sortKey),
    GlobalSecondaryIndexes: [
      {
        IndexName: index.name,
        KeySchema: schema(index.partitionKey, index.sortKey),
        Projection: { ProjectionType: index.projection },
      },
    ],
    BillingMode: billingMode,
  };
}
