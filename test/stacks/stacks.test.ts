import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { STORE_TABLE } from '../../functions/adapters/aws/table.ts';
import { STACKS_BESIDE } from '../../stacks/berth.ts';
import { SettingsError } from '../../stacks/settings.ts';
import { synthesize } from '../../stacks/synthesize.ts';
import { grantsOf, resourcesOf } from './support.ts';

const { app, templates } = synthesize();
const grants = grantsOf(templates);

describe('The stacks', () => {
  it('need no account, no lookup and no change of cdk.json', () => {
    expect(JSON.stringify(app.node.getContext('berth:cluster'))).toBe('"new"');
    expect(JSON.stringify(templates)).not.toMatch(/\b\d{12}\b/);
  });

  it.each([
    ['AwsSolutions', new AwsSolutionsChecks(app)],
    ['NIST 800-53 r5', new NIST80053R5Checks(app)],
  ])('leave no finding of %s without a reason', (_name, pack) => {
    const { violations } = pack.validateScope(app);
    const open = violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map((resource) => `${ruleName}: ${JSON.stringify(resource)}`),
    );
    expect(open).toEqual([]);
  });

  it('take an existing cluster and database, and then make neither them nor a network', () => {
    const database = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:postgres-AbCdEf';
    const other = synthesize({ 'berth:cluster': 'ours', 'berth:database': database }).templates;
    expect(Object.keys(other).filter((name) => STACKS_BESIDE.includes(name))).toEqual([]);
    const types = resourcesOf(other).map(({ Type }) => Type);
    expect(types.filter((type) => /^AWS::(EC2|EKS::Cluster|RDS)/.test(type))).toEqual([]);
  });

  it('take another issuer, and then make no user pool', () => {
    const other = synthesize({
      'berth:issuer': 'https://id.example.com',
      'berth:audience': 'berth',
    }).templates;
    expect(resourcesOf(other, 'AWS::Cognito::UserPool')).toEqual([]);
  });

  it.each([
    ['cluster', 'a b'],
    ['database', 'old'],
    ['issuer', 'http://id.example.com'],
    ['administrator', 'two words'],
    ['domain', 'not_a_host'],
    ['issuer', 'https://id.example.com'],
    ['domain', 'berth.example.com'],
  ])('refuse the setting %s=%s by name', (name, value) => {
    expect(() => synthesize({ [`berth:${name}`]: value })).toThrow(SettingsError);
    expect(() => synthesize({ [`berth:${name}`]: value })).toThrow(`berth:${name}`);
  });
});

describe('Permissions', () => {
  it('are named actions: none has a wildcard', () => {
    const allowed = grants.filter(({ Effect }) => Effect === 'Allow');
    expect(allowed.filter(({ Action }) => Action.length === 0).map(({ where }) => where)).toEqual([]);
    expect(allowed.filter(({ Action }) => Action.some((action) => action.includes('*')))).toEqual([]);
  });

  it('let nobody scan a table', () => {
    expect(grants.flatMap(({ Action }) => Action).filter((action) => /scan|partiql/i.test(action))).toEqual(
      [],
    );
  });

  it('are in managed policies that a role names', () => {
    expect(resourcesOf(templates, 'AWS::IAM::Policy')).toEqual([]);
  });
});

describe('What is kept', () => {
  it('in the table is kept when its stack goes, recoverable to any second, and not deleted by mistake', () => {
    const [table] = resourcesOf(templates, 'AWS::DynamoDB::GlobalTable');
    expect(table).toMatchObject({ DeletionPolicy: 'Retain', properties: { BillingMode: 'PAY_PER_REQUEST' } });
    for (const replica of table!.properties.Replicas) {
      expect(replica.DeletionProtectionEnabled).toBe(true);
      expect(replica.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled).toBe(true);
    }
  });

  it('in the table has the keys and the index that the store reads', () => {
    const [table] = resourcesOf(templates, 'AWS::DynamoDB::GlobalTable');
    const { partitionKey, sortKey, index } = STORE_TABLE;
    const keys = (partition: string, sort: string) => [
      { AttributeName: partition, KeyType: 'HASH' },
      { AttributeName: sort, KeyType: 'RANGE' },
    ];
    expect(table!.properties.KeySchema).toEqual(keys(partitionKey.name, sortKey.name));
    expect(table!.properties.GlobalSecondaryIndexes).toEqual([
      {
        IndexName: index.name,
        KeySchema: keys(index.partitionKey.name, index.sortKey.name),
        Projection: { ProjectionType: index.projection },
      },
    ]);
  });

  it('in the database is encrypted, protected and left as a snapshot; and it pauses', () => {
    const [cluster] = resourcesOf(templates, 'AWS::RDS::DBCluster');
    expect(cluster).toMatchObject({
      DeletionPolicy: 'Snapshot',
      properties: {
        StorageEncrypted: true,
        DeletionProtection: true,
        ManageMasterUserPassword: true,
        ServerlessV2ScalingConfiguration: { MinCapacity: 0 },
      },
    });
    for (const { properties } of resourcesOf(templates, 'AWS::RDS::DBInstance'))
      expect(properties.PubliclyAccessible).toBe(false);
  });

  it('as images can not be replaced under their tag', () => {
    for (const { properties } of resourcesOf(templates, 'AWS::ECR::RepositoryCreationTemplate'))
      expect(properties).toMatchObject({ ImageTagMutability: 'IMMUTABLE' });
  });
});

describe('The cluster', () => {
  it('lets in by access entries alone, and logs all of its control plane', () => {
    const [cluster] = resourcesOf(templates, 'AWS::EKS::Cluster');
    expect(cluster!.properties.AccessConfig.AuthenticationMode).toBe('API');
    expect(cluster!.properties.ComputeConfig.Enabled).toBe(true);
    const logged = cluster!.properties.Logging.ClusterLogging.EnabledTypes.map(
      ({ Type }: { Type: string }) => Type,
    );
    expect(logged.sort()).toEqual(['api', 'audit', 'authenticator', 'controllerManager', 'scheduler']);
  });
});

describe('Logs', () => {
  it('are all kept for a bounded time', () => {
    const unbounded = resourcesOf(templates, 'AWS::Logs::LogGroup').filter(
      ({ properties }) => !(properties.RetentionInDays > 0),
    );
    expect(unbounded).toEqual([]);
  });
});
