/**
 * The cost of Berth in a month in which nobody uses it, computed from the templates. A type of resource that is not
 * known here is an error, so that none is forgotten.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isBeside } from '../stacks/berth.ts';
import { type Resource, synthesize, type Template } from '../stacks/synthesize.ts';

const HOURS = 730;
const MINUTES = HOURS * 60;

export interface PriceList {
  region: string;
  date: string;
  source: string;
  /** USD by unit. */
  prices: Record<string, number>;
  /** Units a month that every account has for nothing, for ever. */
  allowances: Record<string, number>;
}

/** Units by their name in the price list. */
export type Usage = Record<string, number>;

export interface Bill {
  /** USD a month: where the account's allowances are all free for Berth, and where others have used them up. */
  usd: number;
  usdWithoutAllowances: number;
  usage: Usage;
}

/** The costs of a sweep when nothing is due; figures of the system tests and the bench, rounded up. */
const SWEEP = { seconds: 0.1, reads: 4, gbLogged: 1.5e-6 };

const nothing = (): Usage => ({});

/** The amounts that one resource of each type uses in a month without use. */
const usageOf: Record<string, (resource: Resource, template: Template) => Usage> = {
  'AWS::Scheduler::Schedule': ({ Properties }, template) => {
    if (Properties?.ScheduleExpression !== 'rate(1 minute)')
      throw new Error('A schedule other than each minute is not known to the bill');
    const memory = memoryOf(Properties.Target as { Arn: unknown }, template);
    return {
      'scheduler.invocation': MINUTES,
      'lambda.request': MINUTES,
      'lambda.gbSecondArm': MINUTES * SWEEP.seconds * (memory / 1024),
      // Queries of the index, eventually consistent: half a unit each.
      'dynamodb.readRequestUnit': (MINUTES * SWEEP.reads) / 2,
      'logs.gbIngested': MINUTES * SWEEP.gbLogged,
    };
  },
  'AWS::CloudWatch::Alarm': () => ({ 'cloudwatch.alarm': 1 }),
  'AWS::CloudWatch::Dashboard': () => ({ 'cloudwatch.dashboard': 1 }),
  'AWS::SecretsManager::Secret': () => ({ 'secretsmanager.secret': 1 }),
  'AWS::KMS::Key': () => ({ 'kms.key': 1 }),
  'AWS::EKS::Cluster': () => ({ 'eks.clusterHour': HOURS }),
  // Each of these keeps a pod running, and all of them together keep a node.
  'AWS::EKS::Addon': () => ({ 'eks.nodeHour': HOURS }),
  'AWS::EC2::NatGateway': () => ({ 'vpc.natGatewayHour': HOURS }),
  'AWS::EC2::EIP': () => ({ 'vpc.publicAddressHour': HOURS }),
  'AWS::RDS::DBCluster': ({ Properties }) => {
    const scaling = Properties?.ServerlessV2ScalingConfiguration as { MinCapacity?: number } | undefined;
    if (scaling?.MinCapacity === undefined)
      throw new Error('A database without a least capacity is not known to the bill');
    return {
      ...(scaling.MinCapacity > 0 && { 'aurora.acuHour': scaling.MinCapacity * HOURS }),
      ...(Properties?.ManageMasterUserPassword === true && { 'secretsmanager.secret': 1 }),
    };
  },
  'AWS::RDS::DBInstance': ({ Properties }) => {
    if (Properties?.DBInstanceClass !== 'db.serverless')
      throw new Error('A database instance that is not serverless is not known to the bill');
    return {};
  },
  'AWS::Lambda::Alias': ({ Properties }) => {
    if (Properties?.ProvisionedConcurrencyConfig)
      throw new Error('Provisioned concurrency is not known to the bill');
    return {};
  },
  'AWS::DynamoDB::GlobalTable': ({ Properties }) => {
    if (Properties?.BillingMode !== 'PAY_PER_REQUEST')
      throw new Error('Provisioned capacity is not known to the bill');
    return {};
  },
  'AWS::EC2::VPCEndpoint': ({ Properties }) => {
    if (Properties?.VpcEndpointType !== undefined && Properties.VpcEndpointType !== 'Gateway')
      throw new Error('An interface endpoint is not known to the bill');
    return {};
  },
};

/**
 * Types that are paid for by use alone, or not at all: storage that holds nothing yet, requests that nobody makes.
 */
const byUseAlone = [
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  // Public certificates are free.
  'AWS::CertificateManager::Certificate',
  'AWS::CloudFront::Distribution',
  'AWS::CloudFront::Function',
  'AWS::CloudFront::OriginAccessControl',
  'AWS::CloudFront::ResponseHeadersPolicy',
  'AWS::CodeBuild::Project',
  'AWS::Cognito::UserPool',
  'AWS::Cognito::UserPoolClient',
  'AWS::Cognito::UserPoolDomain',
  'AWS::Cognito::UserPoolUser',
  'AWS::EC2::FlowLog',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::Route',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroup',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Subnet',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPC',
  'AWS::EC2::VPCGatewayAttachment',
  'AWS::ECR::RepositoryCreationTemplate',
  'AWS::EKS::AccessEntry',
  'AWS::EKS::PodIdentityAssociation',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::Lambda::Function',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::Permission',
  'AWS::Lambda::Url',
  'AWS::Lambda::Version',
  'AWS::Logs::LogGroup',
  // A metric from a filter is paid for the hours in which it has a value.
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  'AWS::RDS::DBClusterParameterGroup',
  'AWS::RDS::DBSubnetGroup',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::SSM::Parameter',
  'AWS::StepFunctions::StateMachine',
  'Custom::BerthClusterObjects',
  'Custom::CDKBucketDeployment',
];
for (const type of byUseAlone) usageOf[type] = nothing;

/** Memory of the function that a schedule calls, MB. */
function memoryOf(target: { Arn: unknown }, template: Template): number {
  const [id] = (target.Arn as { 'Fn::GetAtt'?: string[] })['Fn::GetAtt'] ?? [];
  const memory = id === undefined ? undefined : template.Resources[id]?.Properties?.MemorySize;
  if (typeof memory !== 'number') throw new Error('The schedule calls no function of its own template');
  return memory;
}

/** @throws Error when a type of resource is not known */
export function idleUsage(template: Template): Usage {
  const total: Usage = {};
  for (const [id, resource] of Object.entries(template.Resources)) {
    const usage = usageOf[resource.Type];
    if (!usage) throw new Error(`${id}: what a ${resource.Type} costs while idle is not known to the bill`);
    for (const [unit, amount] of Object.entries(usage(resource, template)))
      total[unit] = (total[unit] ?? 0) + amount;
  }
  return total;
}

/** The cost of all templates together: allowances count once. */
export function idleBill(templates: readonly Template[], list: PriceList): Bill {
  const usage: Usage = {};
  for (const template of templates) {
    for (const [unit, amount] of Object.entries(idleUsage(template)))
      usage[unit] = (usage[unit] ?? 0) + amount;
  }
  const cost = (free: Record<string, number>): number =>
    Object.entries(usage).reduce((sum, [unit, amount]) => {
      const price = list.prices[unit];
      if (price === undefined) throw new Error(`The price list has no price for ${unit}`);
      return sum + Math.max(0, amount - (free[unit] ?? 0)) * price;
    }, 0);
  return { usd: cost(list.allowances), usdWithoutAllowances: cost({}), usage };
}

export const readPrices = (region = 'us-east-1'): PriceList =>
  JSON.parse(readFileSync(join(import.meta.dirname, '..', 'prices', `${region}.json`), 'utf8')) as PriceList;

const dollars = (usd: number): string => `$${usd.toFixed(2)}`;

/** Settings beside those of cdk.json: `-c berth:<name>=<value>`, as for the CDK. */
function givenSettings(): Record<string, string> {
  const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
  return Object.fromEntries(
    (values.context ?? []).map((one) => [one.split('=', 1)[0] ?? '', one.slice(one.indexOf('=') + 1)]),
  );
}

function main(): void {
  const stacks = Object.entries(synthesize(givenSettings()).templates);
  const list = readPrices();
  const parts = [
    { title: 'Control plane', of: stacks.filter(([name]) => !isBeside(name)) },
    {
      title: 'Beside it (or existing ones)',
      of: stacks.filter(([name]) => isBeside(name)),
    },
  ];
  const lines = [`Idle, a month, ${list.region}; ${list.source} (${list.date})`];
  for (const { title, of } of parts) {
    const bill = idleBill(
      of.map(([, template]) => template),
      list,
    );
    lines.push(
      '',
      `${title}: ${dollars(bill.usd)} (${dollars(bill.usdWithoutAllowances)} where the account has used its free allowances up)`,
    );
    for (const [name, template] of of) {
      const alone = idleBill([template], list);
      lines.push(`  ${name.padEnd(22)} ${dollars(alone.usdWithoutAllowances).padStart(8)}`);
      for (const [unit, amount] of Object.entries(alone.usage)) {
        const cost = dollars(amount * list.prices[unit]!);
        lines.push(`    ${unit.padEnd(28)} ${amount.toFixed(2).padStart(12)} ${cost.padStart(8)}`);
      }
    }
  }
  console.log(lines.join('\n'));
}

if (import.meta.main) main();
