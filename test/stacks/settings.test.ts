import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { readSettings, SettingsError } from '../../stacks/support/settings.ts';
import { synthesize } from '../../stacks/synthesize.ts';
import { installations } from '../conformance/static/templates.ts';
import { grantsOf, objectsText, resourcesOf } from './support.ts';

const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8')) as {
  context: Record<string, string>;
};

const read = (settings: Record<string, string>) => {
  const named = Object.entries(settings).map(([name, value]) => [`berth:${name}`, value]);
  return readSettings(new App({ context: { ...context, ...Object.fromEntries(named) } }).node);
};

const database = {
  database: 'postgres.example.com:5432',
  databaseSecret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:postgres-AbCdEf',
};
const ada = 'arn:aws:iam::111122223333:role/ada';
const certificate = 'arn:aws:acm:us-east-1:111122223333:certificate/01234567';
const subnets = 'subnet-0a0a0a0a,subnet-0b0b0b0b';
const vpc = {
  vpc: 'vpc-0a0a0a0a',
  privateSubnets: subnets,
  publicSubnets: subnets,
  databaseSubnets: subnets,
  ingressCidrs: '10.64.0.0/20',
  egressCidrs: '10.64.16.0/20',
};

describe('Settings that can not work together are refused before anything is made', () => {
  it.each<[string, Record<string, string>, string, RegExp]>([
    [
      'a new database that no existing cluster reaches',
      { cluster: 'ours' },
      'database',
      /can not reach each other/,
    ],
    [
      'a VPC without its subnets',
      { ...vpc, privateSubnets: '' },
      'privateSubnets',
      /needed with an existing/,
    ],
    ['an image of the gateway without a version', { gatewayImage: 'traefik' }, 'gatewayImage', /./],
    ['definitions by a way that anybody can change', { gatewayApi: 'http://mirror/crd' }, 'gatewayApi', /./],
    ['a VPC without the ranges of load balancers', { ...vpc, ingressCidrs: '' }, 'ingressCidrs', /needed/],
    ['a VPC without the ranges of the database', { ...vpc, egressCidrs: '' }, 'egressCidrs', /needed/],
    ['subnets of a VPC that is made', { publicSubnets: subnets }, 'publicSubnets', /existing berth:vpc/],
    ['a new VPC of another size', { vpcCidr: '10.0.0.0/20' }, 'vpcCidr', /\/16/],
    ['addresses that are none', { vpcCidr: '10.0.0.300/16' }, 'vpcCidr', /no range/],
    ['pods and Services at the same addresses', { serviceCidr: '10.64.128.0/20' }, 'serviceCidr', /overlap/],
    [
      'administrators of a cluster that has its own',
      { cluster: 'ours', ...database, clusterAdministrators: 'arn:aws:iam::111122223333:role/a' },
      'clusterAdministrators',
      /new berth:cluster/,
    ],
    [
      'a private cluster in a network that is not named',
      { cluster: 'ours', ...database, privateCluster: 'yes' },
      'privateCluster',
      /needs its network/,
    ],
    [
      'a certificate that is named beside the zone in which one is made',
      {
        appsCertificate: `arn:aws:acm:eu-west-1:111122223333:certificate/${'0'.repeat(8)}`,
        appsZone: 'Z0123456789ABC',
      },
      'appsZone',
      /give one of them/,
    ],
    [
      'less capacity at most than at least',
      { databaseMinAcu: '8', databaseMaxAcu: '4' },
      'databaseMinAcu',
      /more than/,
    ],
    [
      'subnets of fewer zones for the database',
      { ...vpc, privateSubnets: `${subnets},subnet-0c0c0c0c`, publicSubnets: `${subnets},subnet-0c0c0c0c` },
      'databaseSubnets',
      /3 and 2 subnets/,
    ],
    [
      'an administrator named twice',
      { clusterAdministrators: `${ada},${ada}` },
      'clusterAdministrators',
      /twice/,
    ],
    ['a name that Scheduler has', { name: 'default' }, 'name', /something of that name/],
    ['a name that Kubernetes has', { name: 'cluster-admin' }, 'name', /something of that name/],
    [
      'a name that Cognito does not take',
      { name: 'aws-dev', domain: 'berth.example.com', certificate },
      'name',
      /"aws"/,
    ],
    ['tags of AWS', { tags: 'aws:team=x' }, 'tags', /aws:/],
    ['a tag of Berth’s', { tags: 'Berth=x' }, 'tags', /itself/],
    ['a tag twice', { tags: 'team=x,Team=y' }, 'tags', /twice/],
    ['a tag without a value', { tags: 'team=' }, 'tags', /no value/],
  ])('%s', (_, settings, name, why) => {
    expect(() => read(settings)).toThrow(SettingsError);
    expect(() => read(settings)).toThrow(`berth:${name}`);
    expect(() => read(settings)).toThrow(why);
  });

  it.each([
    ['name', 'Berth'],
    ['name', 'b--x'],
    ['name', 'a-name-that-is-far-too-long'],
    ['tags', 'team'],
    ['permissionsBoundary', 'bounds'],
    ['vpc', 'ours'],
    ['clusterAdministrators', 'ada@example.com'],
    ['architecture', 'x86'],
    ['nodesCpu', 'many'],
    ['environmentPods', '0'],
    ['reservedConcurrency', '-1'],
    ['reservedConcurrency', '1.5'],
    ['appsCertificate', 'arn:aws:acm:eu-west-1:1:certificate/x'],
    ['appsZone', 'apps.example.com'],
  ])('%s=%s', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(`berth:${name}`);
  });

  it('and what can work together is taken', () => {
    const managed = {
      ...database,
      databaseSecret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!cluster-0a0a-AbCdEf',
    };
    for (const settings of [{}, vpc, { ...vpc, cluster: 'ours' }, { cluster: 'ours', ...database }, managed])
      expect(read(settings).name).toBe('berth');
  });
});

describe('In a company’s network, account and bill', () => {
  const company = installations['in a company’s network'] ?? {};
  const { app, templates } = synthesize(company);
  const of = (type: string) => resourcesOf(templates, type);

  it('no finding of a rule pack is left without a reason', () => {
    for (const pack of [new AwsSolutionsChecks(app), new NIST80053R5Checks(app)])
      expect(pack.validateScope(app).violations).toEqual([]);
  });

  it('nothing is made of the network, and everything is in it that reaches the cluster', () => {
    expect(templates).not.toHaveProperty('acme-Network');
    expect(of('AWS::EC2::VPC')).toEqual([]);
    const [cluster] = of('AWS::EKS::Cluster');
    expect(cluster?.properties.ResourcesVpcConfig).toMatchObject({
      SubnetIds: company['berth:privateSubnets']?.split(','),
      EndpointPublicAccess: false,
    });
    const outside = of('AWS::Lambda::Function').filter(({ properties }) => !properties.VpcConfig);
    const names = outside.map(({ where }) => where.replace(/[0-9A-F]{8}.*/, ''));
    // Builds go to CodeBuild alone, and the CDK's function copies the console.
    expect(names.sort()).toEqual([expect.stringContaining('Edge/Custom'), 'acme-Workflows/BuildsFunction']);
  });

  it('every role is within the company’s boundary', () => {
    const bounds = of('AWS::IAM::Role').map(({ properties }) => properties.PermissionsBoundary);
    expect(new Set(bounds)).toEqual(new Set([company['berth:permissionsBoundary']]));
  });

  it('everything that can be tagged has the tags of the bill', () => {
    for (const type of ['AWS::Lambda::Function', 'AWS::RDS::DBCluster', 'AWS::S3::Bucket'])
      for (const { properties } of of(type))
        expect(properties.Tags).toContainEqual({ Key: 'cost-center', Value: '42' });
  });

  it('nothing has the name of another installation’s', () => {
    const text = JSON.stringify(templates);
    expect(Object.keys(templates).filter((stack) => !stack.startsWith('acme-'))).toEqual([]);
    expect(text).not.toMatch(
      /"berth-(dedicated|deploy)|\/aws\/(eks|rds|vendedlogs)\S*\/berth\b|secret:berth\/|repository\/berth\//,
    );
  });

  it('capacity is what the settings say', () => {
    const [aurora] = of('AWS::RDS::DBCluster');
    expect(aurora?.properties.ServerlessV2ScalingConfiguration).toMatchObject({
      MinCapacity: 1,
      MaxCapacity: 16,
    });
    const reserved = of('AWS::Lambda::Function').flatMap(({ where, properties }) =>
      properties.ReservedConcurrentExecutions === undefined
        ? []
        : [[where.split('/')[0], properties.ReservedConcurrentExecutions]],
    );
    expect(reserved.sort()).toEqual([
      ['acme-Api', 50],
      ['acme-Sweep', 2],
    ]);
    const told = of('AWS::Lambda::Function').flatMap(
      ({ properties }) => properties.Environment?.Variables?.BERTH_QUOTA ?? [],
    );
    expect(new Set(told)).toEqual(new Set(['4,8,20,50']));
  });
});

describe('A private cluster beside a database and a Vault of others', () => {
  const { templates } = synthesize({
    'berth:privateCluster': 'yes',
    'berth:database': database.database,
    'berth:databaseSecret': database.databaseSecret,
    'berth:vault': 'https://vault.example.com:8200',
    'berth:vaultRole': 'berth',
    'berth:clusterAdministrators':
      'arn:aws:iam::111122223333:role/team-a,arn:aws:iam::111122223333:role/teama',
  });

  it('lets functions out to both', () => {
    const groups = resourcesOf(templates, 'AWS::EC2::SecurityGroup').filter(({ properties }) =>
      properties.SecurityGroupEgress?.some(({ ToPort }: { ToPort: number }) => ToPort === 443),
    );
    expect(groups.length).toBeGreaterThan(3);
    for (const { where, properties } of groups) {
      const ports = properties.SecurityGroupEgress.map(({ ToPort }: { ToPort: number }) => ToPort);
      expect(ports, where).toEqual(expect.arrayContaining([443, 5432, 8200]));
    }
  });

  it('lets in each of two administrators whose names differ in punctuation alone', () => {
    const entries = resourcesOf(templates, 'AWS::EKS::AccessEntry').flatMap(({ properties }) =>
      typeof properties.PrincipalArn === 'string' ? [properties.PrincipalArn] : [],
    );
    expect(entries.sort()).toEqual([
      'arn:aws:iam::111122223333:role/team-a',
      'arn:aws:iam::111122223333:role/teama',
    ]);
  });
});

describe('An existing cluster whose network is named for a new database', () => {
  const { publicSubnets: _, ...without } = vpc;
  const given = Object.entries({ ...without, cluster: 'ours' }).map(([name, value]) => [
    `berth:${name}`,
    value,
  ]);
  const { templates } = synthesize(Object.fromEntries(given));

  it('leaves it to the load balancer which of its subnets it takes', () => {
    const objects = resourcesOf(templates, 'Custom::BerthClusterObjects').map(objectsText).join();
    expect(objects).toContain('aws-load-balancer-scheme');
    expect(objects).not.toContain('aws-load-balancer-subnets');
  });
});

describe('What was restored', () => {
  const restored = {
    'berth:restoredTable': 'berth-restored',
    'berth:restoredDatabase': 'berth-before-the-fire',
    'berth:restoredAnchors': 'anchors-restored',
    'berth:restoredBackups': 'backups-restored',
  };
  const { templates } = synthesize(restored);
  const of = (type: string) => resourcesOf(templates, type);
  const variable = (name: string) =>
    of('AWS::Lambda::Function').flatMap(({ properties }) => properties.Environment?.Variables?.[name] ?? []);

  it('is what every function uses and may use, and nothing of it is made', () => {
    expect(new Set(variable('BERTH_TABLE'))).toEqual(new Set(['berth-restored']));
    expect(new Set(variable('BERTH_AUDIT_BUCKET'))).toEqual(new Set(['anchors-restored']));
    expect(new Set(variable('BERTH_BACKUP_BUCKET'))).toEqual(new Set(['backups-restored']));
    const grants = grantsOf(templates).filter(({ Action }) =>
      Action.some((one) => /^(dynamodb|s3):/.test(one)),
    );
    const resources = JSON.stringify(grants.map(({ Resource }) => Resource));
    expect(resources).toContain(':table/berth-restored');
    expect(resources).toContain(':::anchors-restored');
    expect(resources).not.toMatch(/ImportValue[^}]*(Table|Anchors|Backups)/);
    const names = of('AWS::DynamoDB::GlobalTable').map(({ properties }) => properties.TableName);
    expect(names).toEqual([undefined]);
  });

  it('is a database server made of the snapshot, with a password of its own, and the former one stays', () => {
    const clusters = of('AWS::RDS::DBCluster').map(({ properties }) => properties);
    expect(clusters).toHaveLength(2);
    expect(clusters[0]).not.toHaveProperty('SnapshotIdentifier');
    expect(clusters[1]).toMatchObject({
      SnapshotIdentifier: 'berth-before-the-fire',
      ManageMasterUserPassword: true,
      DeletionProtection: true,
      StorageEncrypted: true,
      Port: clusters[0]?.Port,
      DBClusterIdentifier: expect.stringMatching(/^berth-[0-9a-f]{8}$/),
    });
    expect(clusters[1]).not.toHaveProperty('MasterUsername');
    const uses = JSON.stringify([variable('BERTH_DATABASE_HOST'), variable('BERTH_DATABASE_SECRET')]);
    expect(uses).toMatch(/Restored/);
    expect(uses).not.toMatch(/GetAttCluster/);
  });

  it('is refused by name where there is no server of Berth’s own to be made of it', () => {
    expect(() => read({ ...database, cluster: 'ours', restoredDatabase: 'snapshot' })).toThrow(
      'berth:restoredDatabase',
    );
    for (const [name, value] of [
      ['restoredTable', 'a table'],
      ['restoredDatabase', '1st'],
      ['restoredAnchors', 'Bucket'],
    ] as const)
      expect(() => read({ [name]: value })).toThrow(`berth:${name}`);
  });
});

describe('Without a setting', () => {
  it('nothing is reserved of what the account may run at once', () => {
    const { templates } = synthesize();
    expect(JSON.stringify(templates)).not.toContain('ReservedConcurrentExecutions');
  });
});
