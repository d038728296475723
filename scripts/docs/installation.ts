/** What installing makes and removing leaves, from the templates: for the how-to pages of Berth on AWS. */
import type { Resource, Template } from '../../stacks/synthesize.ts';
import { table } from './table.ts';

type Templates = Record<string, Template>;

const names: Record<string, string> = {
  ApiGatewayV2: 'API Gateway',
  CloudFront: 'CloudFront',
  CloudWatch: 'CloudWatch',
  CodeBuild: 'CodeBuild',
  Cognito: 'Cognito',
  DynamoDB: 'DynamoDB',
  EC2: 'EC2 (network)',
  ECR: 'ECR',
  EKS: 'EKS',
  IAM: 'IAM',
  KMS: 'KMS',
  Lambda: 'Lambda',
  Logs: 'CloudWatch Logs',
  RDS: 'RDS',
  S3: 'S3',
  SNS: 'SNS',
  SQS: 'SQS',
  SSM: 'Systems Manager (parameters)',
  Scheduler: 'EventBridge Scheduler',
  SecretsManager: 'Secrets Manager',
  StepFunctions: 'Step Functions',
};

/** The services that whoever deploys needs rights in, as the end of a sentence. */
export function servicesText(templates: Templates): string {
  const types = Object.values(templates).flatMap(({ Resources }) =>
    Object.values(Resources).map(({ Type }) => Type),
  );
  const services = new Set(
    types.filter((type) => type.startsWith('AWS::')).map((type) => type.split('::')[1] ?? ''),
  );
  const named = [...services].map((service) => names[service] ?? service).sort();
  return `${named.slice(0, -1).join(', ')} and ${named.at(-1)}.`;
}

interface Kept {
  what: string;
  command: string;
}

const kept: Record<string, Kept> = {
  'AWS::Cognito::UserPool': {
    what: 'the user pool',
    command: 'aws cognito-idp delete-user-pool --user-pool-id <pool>',
  },
  'AWS::DynamoDB::GlobalTable': {
    what: 'the table',
    command: 'aws dynamodb delete-table --table-name <table>',
  },
  'AWS::RDS::DBCluster': {
    what: 'a last snapshot of the database',
    command: 'aws rds delete-db-cluster-snapshot --db-cluster-snapshot-identifier <snapshot>',
  },
  'AWS::S3::Bucket': { what: 'the bucket', command: 'aws s3 rb s3://<bucket>' },
};

/** @throws Error when a resource is kept for which the page has no command */
export function keptText(templates: Templates): string {
  const rows = Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources)
      .filter(([, { DeletionPolicy = 'Delete' }]) => DeletionPolicy !== 'Delete')
      .map(([id, resource]) => keptRow(stack, id, resource)),
  );
  return table(['stack', 'stays', 'protected', 'removed by'], rows.sort());
}

function keptRow(stack: string, id: string, { Type, Properties }: Resource): string[] {
  const known = kept[Type];
  if (!known) throw new Error(`${stack}/${id}: how a ${Type} that is kept is removed is not said`);
  const name = Type === 'AWS::S3::Bucket' ? ` \`${id.replace(/\w{8}$/, '')}\`, with all versions` : '';
  const protection = /"DeletionProtection(Enabled)?":(true|"ACTIVE")/.test(JSON.stringify(Properties));
  return [stack, `${known.what}${name}`, protection ? 'yes' : 'no', `\`${known.command}\``];
}
