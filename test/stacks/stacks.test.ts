import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { STORE_TABLE } from '../../functions/adapters/aws/store/table.ts';
import { createConsole } from '../../functions/api/platform/console.ts';
import { buildSecretPath } from '../../functions/core/keys.ts';
import { declaredSteps } from '../../functions/core/operations/index.ts';
import { BUILD_SECONDS } from '../../functions/core/operations/kinds/build.ts';
import { readAwsConfig } from '../../functions/hosts/aws/aws-config.ts';
import { idleBill, readPrices } from '../../scripts/idle-bill.ts';
import { isBeside } from '../../stacks/berth.ts';
import { builtConsole, bundle } from '../../stacks/support/bundle.ts';
import { ACCOUNT, REGION, resolver } from '../../stacks/support/resolve.ts';
import { SettingsError } from '../../stacks/support/settings.ts';
import { synthesize } from '../../stacks/synthesize.ts';
import { loadStateMachine, stepsOf, workflowNames } from '../../state-machines/load.ts';
import { grantsOf, objectsText, resourcesOf } from './support.ts';

const { app, templates } = synthesize();
const grants = grantsOf(templates);

/** The variables that Lambda sets. */
const variables = {
  AWS_REGION: 'eu-west-1',
  BERTH_NAME: 'berth',
  BERTH_DNS_SUFFIX: 'amazonaws.com',
  BERTH_ARCHITECTURES: 'arm64',
  BERTH_QUOTA: '16,32,60,100',
  BERTH_BUILDS_AT_ONCE: '5',
  BERTH_CLUSTER_RESOLVER: '172.20.0.10',
  BERTH_ACCOUNT: '111122223333',
  BERTH_TABLE: 'table',
  BERTH_STATE_MACHINE_PREFIX: 'arn:aws:states:eu-west-1:111122223333:stateMachine:berth-',
  BERTH_AUDIT_BUCKET: 'anchors',
  BERTH_BACKUP_BUCKET: 'backups',
  BERTH_LOG_GROUP: 'output',
  BERTH_OUTPUT_LOG_GROUP: 'workloads',
  BERTH_BUILD_PROJECT: 'builds',
  BERTH_BUILD_BUCKET: 'sources',
  BERTH_BUILD_LOG_GROUP: 'builds',
  BERTH_CLUSTER: 'berth',
  BERTH_CLUSTER_ENDPOINT: 'https://cluster.example.com',
  BERTH_CLUSTER_CA: 'Y2VydA==',
  NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
  BERTH_DATABASE_HOST: 'postgres.example.com',
  BERTH_DATABASE_PORT: '5433',
  BERTH_DATABASE_SECRET: 'secret',
  BERTH_DEDICATED_SUBNETS: 'subnets',
  BERTH_DEDICATED_SECURITY_GROUP: 'sg-1',
  BERTH_APPS_DOMAIN: 'apps.example.com',
  BERTH_APPS_SCHEME: 'https',
  BERTH_EGRESS_CIDRS: '',
  BERTH_ISSUER: 'https://id.example.com',
  BERTH_AUDIENCE: 'berth',
  BERTH_ADMINISTRATOR: '',
  BERTH_KEY_BOUNDARY: 'arn:aws:iam::111122223333:policy/keys',
  BERTH_EDGE_KEY: 'e'.repeat(48),
};

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

  it('close the HTTP API to all but the edge, which has the same key, and streams by a signature', () => {
    const [distribution] = resourcesOf(templates, 'AWS::CloudFront::Distribution');
    const origins: { OriginCustomHeaders?: { HeaderName: string; HeaderValue: object }[] }[] =
      distribution?.properties.DistributionConfig.Origins;
    const added = origins.flatMap(({ OriginCustomHeaders = [] }) => OriginCustomHeaders);
    expect(added).toMatchObject([{ HeaderName: 'x-berth-edge' }]);
    expect(JSON.stringify(added)).toMatch(/Fn::ImportValue.*Fn::ImportValue/);
    const asked = resourcesOf(templates, 'AWS::Lambda::Function').flatMap(
      ({ properties }) => properties.Environment?.Variables?.BERTH_EDGE_KEY ?? [],
    );
    expect(asked).toHaveLength(1);
    expect(JSON.stringify(asked)).toMatch(/AWS::StackId/);
    for (const { properties } of resourcesOf(templates, 'AWS::Lambda::Url')) {
      expect(properties.AuthType).toBe('AWS_IAM');
    }
  });

  it('take an existing cluster, database and issuer, and then make none of them nor a network', () => {
    const other = synthesize({
      'berth:cluster': 'ours',
      'berth:database': 'postgres.example.com:5432',
      'berth:issuer': 'https://id.example.com',
      'berth:audience': 'berth',
      'berth:databaseSecret': 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:postgres-AbCdEf',
    }).templates;
    expect(Object.keys(other).filter(isBeside)).toEqual([]);
    const types = resourcesOf(other).map(({ Type }) => Type);
    expect(types.filter((type) => /^AWS::(EC2|EKS::Cluster|RDS|Cognito)/.test(type))).toEqual([]);
    // Its name is enough: EKS is asked for the rest, and only about this one.
    const describing = grantsOf(other).filter(({ Action }) => Action.includes('eks:DescribeCluster'));
    const named = describing.filter(({ where }) => !where.includes('Boundary'));
    expect(named).toHaveLength(6);
    for (const { Resource } of named) expect(JSON.stringify(Resource)).toMatch(/:cluster\/ours"\]\]\}\]$/);
  });

  it('send people to sign in and back to the one origin, by a user pool or by an issuer that is named', () => {
    const place = {
      'berth:domain': 'berth.example.com',
      'berth:certificate': `arn:aws:acm:us-east-1:111122223333:certificate/${'a'.repeat(36)}`,
    };
    const own = synthesize(place);
    const [client] = resourcesOf(own.templates, 'AWS::Cognito::UserPoolClient').filter(
      ({ properties }) => properties.AllowedOAuthFlowsUserPoolClient,
    );
    expect(client?.properties).toMatchObject({
      AllowedOAuthFlows: ['code'],
      CallbackURLs: ['https://berth.example.com/v1/sign-in/callback'],
      LogoutURLs: ['https://berth.example.com/'],
      GenerateSecret: false,
    });
    for (const pack of [new AwsSolutionsChecks(own.app), new NIST80053R5Checks(own.app)])
      expect(pack.validateScope(own.app).violations).toEqual([]);
    const functions = (given: ReturnType<typeof synthesize>['templates']) =>
      resourcesOf(given, 'AWS::Lambda::Function')
        .map(({ properties }) => properties.Environment?.Variables ?? {})
        .filter((environment) => 'BERTH_ISSUER' in environment);
    for (const environment of functions(own.templates)) {
      expect(environment).toMatchObject({
        BERTH_URL: 'https://berth.example.com',
        BERTH_GROUPS_CLAIM: 'cognito:groups',
      });
      expect(environment.BERTH_CLIENT_ID).not.toBe('');
      // The console's own tokens are none for the API.
      expect(environment.BERTH_AUDIENCE).not.toEqual(environment.BERTH_CLIENT_ID);
    }
    // Without a host to come back to there is no sign-in with a browser.
    for (const environment of functions(templates)) {
      expect(environment).not.toHaveProperty('BERTH_URL');
      expect(environment).not.toHaveProperty('BERTH_CLIENT_ID');
    }

    const secret = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:berth-oidc-AbCdEf';
    const named = synthesize({
      ...place,
      'berth:issuer': 'https://id.example.com',
      'berth:audience': 'terminal,other',
      'berth:clientId': 'console',
      'berth:clientSecret': secret,
      'berth:groupsClaim': 'roles',
      'berth:administratorGroup': 'platform team',
    }).templates;
    for (const environment of functions(named)) {
      // The values that are known at synthesis; the others are references.
      const known = Object.entries(environment).filter(([, value]) => typeof value === 'string');
      const read = readAwsConfig({ ...variables, ...Object.fromEntries(known) } as typeof variables).identity;
      expect(read).toEqual({
        issuer: 'https://id.example.com',
        audience: ['terminal', 'other'],
        origin: 'https://berth.example.com',
        client: { id: 'console', secret },
        rules: { groupsClaim: 'roles', administratorGroup: 'platform team' },
      });
    }
    const readers = grantsOf(named).filter(({ Resource }) => Resource.includes(secret));
    expect(readers.map(({ Action }) => Action)).toEqual([['secretsmanager:GetSecretValue']]);
    expect(readers[0]?.where).toContain('Berth-Api');
  });

  it('hand the cookies of a session to requests and to streams, and let nothing of them be kept', () => {
    const [distribution] = resourcesOf(templates, 'AWS::CloudFront::Distribution');
    const behaviors: any[] = distribution?.properties.DistributionConfig.CacheBehaviors ?? [];
    for (const path of ['/v1/*', '/v1/streams']) {
      const found = behaviors.find(({ PathPattern }) => PathPattern === path);
      // Managed: all headers but Host, all cookies, all of the query; and no caching.
      expect(found?.OriginRequestPolicyId).toBe('b689b0a8-53d0-40ab-baf2-68738e2966ac');
      expect(found?.CachePolicyId).toBe('4135ea2d-6df8-44a3-9df3-4b5a84be39ad');
    }
  });

  it.each([
    ['clientSecret', 'secret'],
    ['clientId', 'berth'],
    ['groupsClaim', 'a b'],
    ['cluster', 'a b'],
    ['database', 'old'],
    ['clusterEndpoint', 'https://abc.gr7.eu-west-1.eks.amazonaws.com'],
    ['database', 'postgres.example.com:5432'],
    ['issuer', 'http://id.example.com'],
    ['administrator', 'two words'],
    ['domain', 'not_a_host'],
    ['dashboard', 'maybe'],
    ['issuer', 'https://id.example.com'],
    ['domain', 'berth.example.com'],
  ])('refuse the setting %s=%s by name', (name, value) => {
    expect(() => synthesize({ [`berth:${name}`]: value })).toThrow(SettingsError);
    expect(() => synthesize({ [`berth:${name}`]: value })).toThrow(`berth:${name}`);
  });
});

/** The CDK's own copy of files into the console's bucket; it runs while deploying only. */
const isCopy = ({ where }: { where: string }): boolean => where.includes('CDKBucketDeployment');

/** Characters, without white space. */
const MANAGED_POLICY_MAX = 6_144;
/** Bytes. */
const VARIABLES_MAX = 4_096;

/** What Berth makes where a company sets all that it can, with names as long as they may be. */
const secretOf = (name: string): string =>
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:platform/berth/production/${name}-AbCdEf`;
const installations = {
  'by default': templates,
  'with all that a company sets': synthesize({
    'berth:name': 'engineering-platform',
    'berth:administrator': 'ada.lovelace@engineering.example.com',
    'berth:administratorGroup': 'engineering-platform-administrators',
    'berth:apps': 'applications.engineering.example.com',
    'berth:appsZone': 'Z0123456789ABCDEFGHIJ',
    'berth:domain': 'berth.engineering.example.com',
    'berth:certificate': `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/01234567-89ab-cdef-0123-456789abcdef`,
    'berth:issuer': 'https://login.engineering.example.com/01234567-89ab-cdef-0123-456789abcdef/v2.0',
    'berth:audience': '01234567-89ab-cdef-0123-456789abcdef,11234567-89ab-cdef-0123-456789abcdef',
    'berth:clientId': '21234567-89ab-cdef-0123-456789abcdef',
    'berth:clientSecret': secretOf('console-client'),
    'berth:terminalClientId': '31234567-89ab-cdef-0123-456789abcdef',
    'berth:mailFrom': 'berth@notifications.engineering.example.com',
    'berth:mailDomains': 'engineering.example.com,example.com,example.org',
    'berth:githubApp': '1234567',
    'berth:githubAppSecret': secretOf('github-app'),
    'berth:githubAppApi': 'https://github.engineering.example.com/api/v3',
    'berth:vault': 'https://vault.engineering.example.com:8200',
    'berth:vaultRole': 'berth-engineering-platform',
    'berth:vaultNamespace': 'engineering/platform',
    'berth:secretSources': Array.from({ length: 10 }, (_, at) => secretOf(`source-${at}`)).join(),
  }).templates,
};

/** Of all regions and partitions, what is written longest. */
const inLongestRegion = (text: string): string =>
  text.replaceAll(REGION, 'ap-southeast-1').replaceAll('arn:aws:', 'arn:aws-us-gov:');

describe('Permissions', () => {
  it('let builds read the secrets for builds, and no other secret', () => {
    const read = grantsOf(templates)
      .filter(({ where, Action }) => where.startsWith('Berth-Builds/') && /secrets/.test(Action.join()))
      .flatMap(({ Action, Resource }) => [...Action, JSON.stringify(Resource)]);
    const prefix = buildSecretPath('*', '*').slice(0, -'/*'.length);
    expect(read).toEqual([
      'secretsmanager:GetSecretValue',
      expect.stringContaining(`:secret:berth/${prefix}"`),
    ]);
  });

  const allowed = grants.filter((grant) => grant.Effect === 'Allow' && !isCopy(grant));

  it('are named actions: none has a wildcard', () => {
    expect(allowed.length).toBeGreaterThan(0);
    expect(allowed.filter(({ Action }) => Action.length === 0).map(({ where }) => where)).toEqual([]);
    expect(allowed.filter(({ Action }) => Action.some((action) => action.includes('*')))).toEqual([]);
  });

  it('are on all resources only where the service knows no other way', () => {
    const known =
      /^(xray:|logs:\w+(LogDelivery|LogDeliveries|ResourcePolic\w+|LogGroups)$|ec2:|ecr:GetAuthorizationToken$|secretsmanager:ListSecrets$)/;
    const onAll = allowed.filter(
      ({ Resource, where }) => Resource.includes('*') && !where.includes('Boundary'),
    );
    expect(onAll.flatMap(({ Action }) => Action).filter((action) => !known.test(action))).toEqual([]);
  });

  it('let nobody scan a table', () => {
    const actions = grants.flatMap(({ Action }) => Action);
    expect(actions.filter((action) => /^dynamodb:.*(scan|partiql)/i.test(action))).toEqual([]);
  });

  it('of functions are within a boundary that all of their roles have', () => {
    const roles = resourcesOf(templates, 'AWS::IAM::Role').filter(
      (role) =>
        !isCopy(role) &&
        JSON.stringify(role.properties.AssumeRolePolicyDocument).includes('lambda.amazonaws.com'),
    );
    expect(roles).not.toEqual([]);
    expect(roles.filter(({ properties }) => !properties.PermissionsBoundary)).toEqual([]);
    const bounds = new Set(
      grants.filter(({ where }) => where.includes('Boundary')).flatMap(({ Action }) => Action),
    );
    const functions = allowed.filter(
      ({ where }) => /^Berth-(Api|Workflows|Sweep|Access)\b/.test(where) && /Function/.test(where),
    );
    expect(functions).not.toEqual([]);
    expect(functions.flatMap(({ Action }) => Action).filter((action) => !bounds.has(action))).toEqual([]);
  });

  const inIam = (of: typeof templates) =>
    grantsOf(of).filter(({ Action }) => Action.some((action) => action.startsWith('iam:')));

  it('in IAM are those of users for keys alone: below Berth’s path, made and given policies within their boundary', () => {
    const given = inIam(templates);
    const wheres = given.map(({ where }) => where.split('/')[0]);
    expect([...new Set(wheres)].sort()).toEqual(['Berth-Boundary', 'Berth-Workflows']);
    for (const { where, Resource, Action, Condition } of given) {
      // In the boundary of functions too.
      const text = JSON.stringify(Resource);
      // IAM tells of a user that there is none to those alone who may ask it of all.
      const asks = Action.every((action) => /^iam:List/.test(action));
      expect(text, where).toMatch(asks ? /:user\/\*"\]\]\}\]$/ : /:user\/berth\/.*\/berth\/\*"\]\]\}\]$/);
      const bounded = Action.filter((action) => /^iam:(Create|Put)(?!AccessKey)/.test(action));
      if (bounded.length === 0) continue;
      expect(Action).toEqual(['iam:CreateUser', 'iam:PutUserPolicy']);
      expect(JSON.stringify(Condition)).toMatch(
        /^\{"ArnEquals":\{"iam:PermissionsBoundary":\{"Fn::ImportValue":"Berth-Keys:/,
      );
    }
    const all = new Set(given.flatMap(({ Action }) => Action));
    expect(
      [...all].filter((action) => /Boundary|Attach|Login|Group|Role|Version|Assume/.test(action)),
    ).toEqual([]);
    expect(given.filter(({ where }) => where.includes('Workflows')).map(({ where }) => where)).toEqual(
      Array(3).fill(expect.stringContaining('/ResourcesFunctionPolicy')),
    );
  });

  it('of keys are the contents of Berth’s own buckets and queues, and of no bucket that the stacks make', () => {
    const keys = grantsOf(templates).filter(({ where }) => where.startsWith('Berth-Keys/'));
    expect(keys.map(({ Effect }) => Effect)).toEqual(['Allow', 'Allow', 'Allow']);
    for (const { Action, Resource, Condition } of keys) {
      expect(Action.join()).not.toMatch(/\*|iam:|Policy|Create|Tag|DeleteBucket|DeleteQueue|SetQueue/);
      // An ARN of a bucket names neither region nor account.
      const isBucket = JSON.stringify(Resource).includes(':s3:::');
      const where = Object.keys(Condition?.StringEquals ?? {}).sort();
      expect(where).toEqual(isBucket ? ['aws:RequestedRegion', 'aws:ResourceAccount'] : []);
      expect(JSON.stringify(Resource)).toMatch(/:berth-(bucket|queue)--\*(\/\*)?"\]\]\}\]$/);
    }
  });

  it('to buckets of programs are those of this region', () => {
    const given = grantsOf(templates).filter(({ Resource }) =>
      /:s3:::berth-bucket--/.test(JSON.stringify(Resource)),
    );
    expect(given).toHaveLength(4);
    for (const { Condition, where } of given)
      expect(Condition?.StringEquals?.['aws:RequestedRegion'], where).toEqual({ Ref: 'AWS::Region' });
  });

  it('are none in IAM where the settings allow no buckets and queues, and then functions know no boundary', () => {
    const { templates: without } = synthesize({ 'berth:bucketsAndQueues': 'no' });
    expect(inIam(without)).toEqual([]);
    expect(without['Berth-Keys']).toBeUndefined();
    const given = grantsOf(without).filter(({ where }) => !where.includes('Boundary'));
    expect(given.flatMap(({ Action }) => Action)).not.toContain('s3:CreateBucket');
    const steps = resourcesOf(without, 'AWS::Lambda::Function').find(({ where }) => /Resources/.test(where));
    expect(steps?.properties.Environment.Variables).not.toHaveProperty('BERTH_KEY_BOUNDARY');
  });

  it.each(Object.entries(installations))(
    '%s fit into the size that AWS has for a managed policy',
    (_, of) => {
      const resolve = resolver(of);
      for (const { where, properties } of resourcesOf(of, 'AWS::IAM::ManagedPolicy')) {
        const text = JSON.stringify(resolve(where.split('/')[0] ?? '', properties.PolicyDocument));
        expect(inLongestRegion(text).length, where).toBeLessThan(MANAGED_POLICY_MAX);
      }
    },
  );

  it('are for each part of a transaction, in every function that writes', () => {
    const actionsOf = (role: RegExp): Set<string> =>
      new Set(allowed.filter(({ where }) => role.test(where)).flatMap(({ Action }) => Action));
    const parts = ['PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'];
    for (const role of [
      /\/Requests/,
      /\/Streams/,
      /\/Workloads/,
      /\/Resources/,
      /\/Builds/,
      /\/SweepFunction/,
    ])
      expect([...actionsOf(role)], String(role)).toEqual(
        expect.arrayContaining(parts.map((part) => `dynamodb:${part}`)),
      );
  });

  it('are in managed policies that a role names', () => {
    expect(resourcesOf(templates, 'AWS::IAM::Policy').filter((policy) => !isCopy(policy))).toEqual([]);
  });
});

describe('Functions', () => {
  const functions = resourcesOf(templates, 'AWS::Lambda::Function').filter((one) => !isCopy(one));

  it('run on Node 24 and arm64, and log as JSON to a group of their own', () => {
    expect(functions.length).toBeGreaterThan(0);
    for (const { properties } of functions) {
      expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(properties.LoggingConfig).toMatchObject({ LogFormat: 'JSON', LogGroup: expect.anything() });
    }
    const groups = functions.map(({ properties }) => JSON.stringify(properties.LoggingConfig.LogGroup));
    const own = functions.map(({ where }, index) => `${where.split('/')[0]} ${groups[index]}`);
    expect(new Set(own).size).toBe(functions.length);
  });

  it('that stream end soon: one whose client has left is paid until its end', () => {
    const urls = resourcesOf(templates, 'AWS::Lambda::Url');
    const streams = functions.filter(({ where }) => /\/Streams/.test(where));
    expect(streams).toHaveLength(urls.length);
    for (const { properties } of streams) expect(properties.Timeout).toBeLessThanOrEqual(120);
  });

  it('have a role each', () => {
    const roles = functions.map(
      ({ where, properties }) => `${where.split('/')[0]} ${JSON.stringify(properties.Role)}`,
    );
    expect(new Set(roles).size).toBe(functions.length);
  });

  it('have no value of a secret in their variables', () => {
    const names = functions.flatMap(({ properties }) => Object.keys(properties.Environment.Variables));
    expect(names.filter((name) => /password|token/i.test(name))).toEqual([]);
    expect(JSON.stringify(functions)).not.toContain('{{resolve:');
  });

  it.each(['api', 'stream', 'steps', 'sweep', 'cluster'])(
    'start: the bundle of %s has a handler',
    (entry) => {
      const { directory } = bundle(entry);
      const code = `
      globalThis.awslambda = { streamifyResponse: (handler) => handler };
      const { handler } = await import(${JSON.stringify(pathToFileURL(`${directory}/index.mjs`).href)});
      process.stdout.write(typeof handler, () => process.exit());`;
      const env = { ...process.env, ...variables, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' };
      expect(
        execFileSync(process.execPath, ['--input-type=module', '-e', code], { env, encoding: 'utf8' }),
      ).toBe('function');
    },
  );

  it.each(Object.entries(installations))('%s have no more variables than Lambda takes', (_, of) => {
    const resolve = resolver(of);
    for (const { where, properties } of resourcesOf(of, 'AWS::Lambda::Function')) {
      // Lambda measures them as JSON.
      const text = JSON.stringify(
        resolve(where.split('/')[0] ?? '', properties.Environment?.Variables ?? {}),
      );
      expect(inLongestRegion(text).length, where).toBeLessThan(VARIABLES_MAX);
    }
  });

  it('get all variables that they read', () => {
    // The region is Lambda's own, only the API is told how the edge makes itself known, EKS tells of a cluster, and settings may be none.
    const others = [
      'AWS_REGION',
      'BERTH_EDGE_KEY',
      'BERTH_CLUSTER_ENDPOINT',
      'BERTH_CLUSTER_CA',
      'BERTH_ADMINISTRATOR',
    ];
    const ofAll = Object.keys(variables).filter((name) => !others.includes(name));
    // The cluster's own function gets what it needs by its event.
    for (const { properties } of functions.filter(({ where }) => !where.startsWith('Berth-Access/')))
      expect(Object.keys(properties.Environment.Variables)).toEqual(expect.arrayContaining(ofAll));
  });
});

describe('Workflows', () => {
  const machines = resourcesOf(templates, 'AWS::StepFunctions::StateMachine');
  const nameOf = ({ properties }: { properties: any }): string =>
    properties.StateMachineName.slice('berth-'.length);
  /** References become the name of the alias: that is the name of the step. */
  const textOf = (value: any): string => {
    if (typeof value === 'string') return value;
    if (value.Ref) return aliasOf(value.Ref);
    return value['Fn::Join'][1].map(textOf).join('');
  };
  const aliasOf = (id: string): string =>
    templates['Berth-Workflows']!.Resources[id]!.Properties!.Name as string;

  it('are all there', () => {
    expect(machines.map(nameOf).sort()).toEqual(workflowNames());
  });

  it('are what the loader gives, to the letter', () => {
    for (const machine of machines) {
      const name = nameOf(machine);
      const names = Object.fromEntries(stepsOf(name).map((step) => [step, step]));
      const { definition } = loadStateMachine(name, names);
      expect(JSON.parse(textOf(machine.properties.DefinitionString))).toEqual(definition);
    }
  });

  it('may call the steps that they name, and nothing else', () => {
    for (const machine of machines) {
      const grant = grants.find(
        ({ where, Action }) =>
          Action.includes('lambda:InvokeFunction') &&
          where.toLowerCase().startsWith(`berth-workflows/${nameOf(machine).replaceAll('-', '')}policy`),
      );
      expect(grant!.Resource.map((resource: any) => aliasOf(resource.Ref)).sort()).toEqual(
        stepsOf(nameOf(machine)).sort(),
      );
    }
  });

  it('have each step run by the function that is declared for it', () => {
    const aliases = resourcesOf(templates, 'AWS::Lambda::Alias').filter(({ where }) =>
      where.startsWith('Berth-Workflows/'),
    );
    const runsOn = aliases.map(({ properties: { Name, FunctionName } }) => [
      Name,
      /(Workloads|Resources|Builds)Function/.exec(JSON.stringify(FunctionName))?.[1]?.toLowerCase(),
    ]);
    const declared = Object.entries(declaredSteps).map(([name, step]) => [name, step.runsOn]);
    expect(Object.fromEntries(runsOn)).toEqual(Object.fromEntries(declared));
  });

  it('are logged and traced, without what goes through them', () => {
    for (const { properties } of machines) {
      expect(properties.LoggingConfiguration).toMatchObject({ Level: 'ALL', IncludeExecutionData: false });
      expect(properties.TracingConfiguration).toEqual({ Enabled: true });
      expect(properties.StateMachineType).toBe('STANDARD');
    }
  });
});

describe('Builds', () => {
  it('are over, the wait for a machine included, before the step that waits for them is', () => {
    const [project] = resourcesOf(templates, 'AWS::CodeBuild::Project');
    const { TimeoutInMinutes, QueuedTimeoutInMinutes } = project!.properties;
    expect((TimeoutInMinutes + QueuedTimeoutInMinutes) * 60).toBeLessThan(BUILD_SECONDS);
  });

  it('are made by a machine of the kind that images are for', () => {
    const type = (architecture: string) => {
      const built = synthesize({ 'berth:architecture': architecture }).templates;
      return resourcesOf(built, 'AWS::CodeBuild::Project')[0]?.properties.Environment.Type;
    };
    expect([type('amd64'), type('both')]).toEqual(['LINUX_CONTAINER', 'ARM_CONTAINER']);
  });
});

describe('The sweep', () => {
  it('runs each minute, and what fails twice is kept', () => {
    const [schedule] = resourcesOf(templates, 'AWS::Scheduler::Schedule');
    expect(schedule!.properties.ScheduleExpression).toBe('rate(1 minute)');
    expect(schedule!.properties.Target.DeadLetterConfig.Arn).toBeDefined();
  });
});

describe('The edge', () => {
  const code = (name: string): string =>
    resourcesOf(templates, 'AWS::CloudFront::Function').find(({ where }) => where.includes(name))!.properties
      .FunctionCode;
  const send = (
    name: string,
    request: { method: string; uri: string; headers: Record<string, { value: string }> },
  ) => {
    const selected: string[] = [];
    const cf = { selectRequestOriginById: (id: string) => selected.push(id) };
    const source = code(name).replace(/^import cf .*$/m, '');
    const answer = runInNewContext(`${source}\nhandler({ request })`, { request, cf });
    return { answer, selected };
  };

  it('sends the security headers that one machine sends', async () => {
    const { page: route } = createConsole(builtConsole());
    const answer = (await route.handle({ request: new Request('http://localhost/') } as never)) as Response;
    const [policy] = resourcesOf(templates, 'AWS::CloudFront::ResponseHeadersPolicy');
    const { SecurityHeadersConfig: security, CustomHeadersConfig: custom } =
      policy!.properties.ResponseHeadersPolicyConfig;
    const [, parts] = security.ContentSecurityPolicy.ContentSecurityPolicy['Fn::Join'];
    // But for the host that the console sends source to.
    const words = parts.map((part: unknown) => (typeof part === 'string' ? part : '')).join('');
    expect(words.replace(' https://;', ';')).toBe(answer.headers.get('content-security-policy'));
    expect(security.ReferrerPolicy.ReferrerPolicy).toBe(answer.headers.get('referrer-policy'));
    for (const { Header, Value } of custom.Items) expect(answer.headers.get(Header)).toBe(Value);
  });

  it('sends event streams to where they can stream, with the token in a header that signing leaves alone', () => {
    const headers = () => ({ accept: { value: 'text/event-stream' }, authorization: { value: 'Bearer t' } });
    const { answer, selected } = send('StreamRouting', { method: 'GET', uri: '/v1/x', headers: headers() });
    expect(selected).toEqual(['streams']);
    expect(answer.headers).toEqual({
      accept: { value: 'text/event-stream' },
      'x-berth-authorization': { value: 'Bearer t' },
    });
  });

  it('leaves other requests as they are, but takes no token from the header of its own', () => {
    const headers = {
      authorization: { value: 'Bearer t' },
      'x-berth-authorization': { value: 'Bearer forged' },
    };
    const { answer, selected } = send('StreamRouting', { method: 'POST', uri: '/v1/x', headers });
    expect(selected).toEqual([]);
    expect(answer.headers).toEqual({ authorization: { value: 'Bearer t' } });
  });

  it('speaks HTTPS alone, and is the only one that reads the console or calls the streams', () => {
    const [distribution] = resourcesOf(templates, 'AWS::CloudFront::Distribution');
    expect(distribution).toBeDefined();
    const { DefaultCacheBehavior, CacheBehaviors } = distribution!.properties.DistributionConfig;
    for (const behavior of [DefaultCacheBehavior, ...CacheBehaviors])
      expect(behavior.ViewerProtocolPolicy).toMatch(/https/);
    for (const { properties: url } of resourcesOf(templates, 'AWS::Lambda::Url'))
      expect(url).toMatchObject({ AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' });
    for (const { properties: bucket } of resourcesOf(templates, 'AWS::S3::Bucket'))
      expect(Object.values(bucket.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
  });
});

describe('Alarms', () => {
  it('tell somebody of failed and stuck operations, faults and a sweep that did not run', () => {
    const alarms = resourcesOf(templates, 'AWS::CloudWatch::Alarm');
    expect(alarms.filter(({ properties }) => !(properties.AlarmActions?.length > 0))).toEqual([]);
    const metrics = alarms.map(({ properties }) => properties.MetricName);
    expect(metrics.sort()).toEqual(['Invocations', 'Trouble']);
    const trouble = alarms.find(({ properties }) => properties.MetricName === 'Trouble');
    expect(trouble!.properties).toMatchObject({
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      EvaluationPeriods: 1,
      Statistic: 'Sum',
      Threshold: 5,
    });
    const sweepMissed = alarms.find(({ properties }) => properties.MetricName === 'Invocations');
    expect(sweepMissed!.properties).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      Dimensions: [{ Name: 'FunctionName', Value: expect.anything() }],
    });
  });

  it('hear of what is stuck from the sweep, and of faults from every function', () => {
    const filters = resourcesOf(templates, 'AWS::Logs::MetricFilter').map(({ properties }) => ({
      weight: properties.MetricTransformations[0].MetricValue,
      pattern: properties.FilterPattern as string,
      group: JSON.stringify(properties.LogGroupName),
    }));
    // A deployment waits for the function of the cluster's objects, and fails with it.
    const own = resourcesOf(templates, 'AWS::Lambda::Function').filter(
      (one) => !isCopy(one) && !one.where.startsWith('Berth-Access/'),
    );
    const faults = filters.filter(({ weight, pattern }) => weight === '5' && pattern.includes('fault'));
    expect(new Set(faults.map(({ group }) => group)).size).toBe(own.length);
    expect(filters.filter(({ pattern }) => pattern.includes('$.message.ended'))).toMatchObject([
      { weight: '5', group: expect.stringContaining('Sweep') },
    ]);
    // Five of them are as much as one fault; what only tells another run of a cancellation is none.
    expect(filters.filter(({ pattern }) => pattern.includes('ExecutionFailed'))).toMatchObject([
      { weight: '1', pattern: expect.stringContaining('$.execution_arn != "*-canceled"') },
    ]);
  });

  it('are sent to the address that a setting names, and to nobody without', () => {
    const told = (of: typeof templates) =>
      resourcesOf(of, 'AWS::SNS::Subscription').map(({ properties }) => [
        properties.Protocol,
        properties.Endpoint,
      ]);
    expect(told(templates)).toEqual([]);
    expect(told(synthesize({ 'berth:alarmsEmail': 'platform@example.com' }).templates)).toEqual([
      ['email', 'platform@example.com'],
    ]);
  });

  it('have a dashboard only where one is asked for, since it costs the most', () => {
    const dashboards = (of: typeof templates) => resourcesOf(of, 'AWS::CloudWatch::Dashboard').length;
    expect(dashboards(templates)).toBe(0);
    expect(dashboards(synthesize({ 'berth:dashboard': 'yes' }).templates)).toBe(1);
  });
});

describe('Source', () => {
  it('goes from the console to the bucket of uploads, and to no other host', () => {
    const [policy] = resourcesOf(templates, 'AWS::CloudFront::ResponseHeadersPolicy');
    const connect = /connect-src 'self' (?:https:\/\/[^;]*)?/.exec(JSON.stringify(policy?.properties))?.[0];
    expect(connect).toMatch(/Builds.*Sources.*RegionalDomainName/);
    const buckets = resourcesOf(templates, 'AWS::S3::Bucket').filter(
      ({ properties }) => properties.CorsConfiguration,
    );
    expect(buckets.map(({ properties }) => properties.CorsConfiguration.CorsRules)).toEqual([
      [{ AllowedMethods: ['PUT'], AllowedOrigins: ['*'], AllowedHeaders: ['content-type'] }],
    ]);
  });
});

describe('What builds take from elsewhere', () => {
  const project = (settings: Record<string, string> = {}) =>
    resourcesOf(synthesize(settings).templates, 'AWS::CodeBuild::Project')[0]?.properties;

  it('run a tool that was downloaded only if it is the one that was looked at', () => {
    for (const architecture of ['arm64', 'amd64']) {
      const { commands } = JSON.parse(
        String(project({ 'berth:architecture': architecture })?.Source?.BuildSpec),
      ).phases.install;
      const at = (pattern: RegExp) => commands.findIndex((command: string) => pattern.test(command));
      expect(at(/^curl .*-o \/tmp\/pack.tgz/)).toBeGreaterThanOrEqual(0);
      expect(at(/^echo "[0-9a-f]{64} {2}\/tmp\/pack.tgz" \| sha256sum --check$/)).toBe(at(/^curl/) + 1);
      expect(at(/^tar /)).toBe(at(/sha256sum/) + 1);
      expect(commands.join()).not.toMatch(/curl[^,]*\|/);
    }
  });

  it('get base images from a mirror, and as the company’s account, where settings name them', () => {
    const secret = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:hub-AbCdEf';
    const found = project({
      'berth:imageMirror': 'https://mirror.example.com',
      'berth:dockerHubSecret': secret,
    });
    expect(found?.Source?.BuildSpec).toContain('{\\"registry-mirrors\\":[\\"https://mirror.example.com\\"]}');
    expect(found?.Environment?.EnvironmentVariables).toContainEqual({
      Name: 'BERTH_HUB_PASSWORD',
      Type: 'SECRETS_MANAGER',
      Value: `${secret}:password`,
    });
    expect(JSON.stringify(project())).not.toMatch(/registry-mirrors|BERTH_HUB/);
  });
});

describe('The idle bill', () => {
  it('of the control plane is at most $0.50 a month', () => {
    const control = Object.entries(templates).filter(([name]) => !isBeside(name));
    const { usd, usdWithoutAllowances } = idleBill(
      control.map(([, template]) => template),
      readPrices(),
    );
    expect(usd).toBeGreaterThan(0);
    // Also where others in the account use up what every account has for nothing.
    expect(usdWithoutAllowances).toBeLessThanOrEqual(0.5);
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
  it('has what autoscaling and usage come from, on nodes that are there before any workload', () => {
    const [addon] = resourcesOf(templates, 'AWS::EKS::Addon');
    expect(addon!.properties.AddonName).toBe('metrics-server');
    const values = JSON.parse(addon!.properties.ConfigurationValues);
    expect(values.tolerations).toEqual([{ key: 'CriticalAddonsOnly', operator: 'Exists' }]);
    const [cluster] = resourcesOf(templates, 'AWS::EKS::Cluster');
    expect(cluster!.properties.ComputeConfig.NodePools).toEqual(['system']);
  });

  it('is reached by, and reaches, the networks that are made, without a setting', () => {
    const blocks = (pattern: RegExp) =>
      resourcesOf(templates, 'AWS::EC2::Subnet')
        .filter(({ where }) => pattern.test(where))
        .map(({ properties }) => properties.CidrBlock as string)
        .sort();
    const variables = (of: typeof templates) =>
      resourcesOf(of, 'AWS::Lambda::Function').find((one) => !isCopy(one))!.properties.Environment.Variables;
    const { BERTH_EGRESS_CIDRS } = variables(templates);
    const [applied] = resourcesOf(templates, 'Custom::BerthClusterObjects');
    for (const block of blocks(/Public/)) expect(objectsText(applied!)).toContain(block);
    expect(BERTH_EGRESS_CIDRS.split(',').sort()).toEqual(blocks(/Database/));
    const more = variables(synthesize({ 'berth:egressCidrs': '10.9.0.0/16' }).templates);
    expect(more.BERTH_EGRESS_CIDRS).toBe(`${BERTH_EGRESS_CIDRS},10.9.0.0/16`);
  });

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
