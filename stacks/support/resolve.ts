/**
 * Replaces references in templates by the values that CloudFormation would put in, for readers that know no
 * CloudFormation.
 */
import type { Template } from '../synthesize.ts';

export const REGION = 'eu-west-1';
export const ACCOUNT = '111122223333';

const pseudo: Record<string, string> = {
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

const arn = (service: string, resource: string, place = `${REGION}:${ACCOUNT}`): string =>
  `arn:aws:${service}:${place}:${resource}`;

/** As CloudFormation names what has no name: of the stack, the logical id and characters of its own, within Lambda's 64. */
const generated = (stack: string, id: string): string =>
  `${stack}-${id}`.slice(0, 64 - GENERATED.length) + GENERATED;

const GENERATED = '-AbCdEfGhIjKl';

/** The values of `Ref` and `Fn::GetAtt`, by type; other attributes are made up from their names. */
const references: Record<string, (id: string, stack: string) => { Ref?: string; Arn?: string }> = {
  'AWS::CodeBuild::Project': (id) => ({ Arn: arn('codebuild', `project/${id}`) }),
  'AWS::DynamoDB::GlobalTable': (id) => ({ Arn: arn('dynamodb', `table/${id}`) }),
  'AWS::EKS::Cluster': (id) => ({ Arn: arn('eks', `cluster/${id}`) }),
  'AWS::IAM::ManagedPolicy': (id) => ({ Ref: arn('iam', `policy/${id}`, `:${ACCOUNT}`) }),
  'AWS::IAM::Role': (id) => ({ Arn: arn('iam', `role/${id}`, `:${ACCOUNT}`) }),
  // An alias's logical id begins with its name, which the CDK gives a hash.
  'AWS::Lambda::Alias': (id, stack) => ({
    Ref: arn('lambda', `function:${generated(stack, `DefaultResources${id}`)}:${id.slice(0, -8)}`),
  }),
  'AWS::Lambda::Function': (id, stack) => ({
    Ref: generated(stack, id),
    Arn: arn('lambda', `function:${generated(stack, id)}`),
  }),
  'AWS::Logs::LogGroup': (id) => ({ Arn: arn('logs', `log-group:${id}:*`) }),
  'AWS::S3::Bucket': (id) => ({ Ref: id.toLowerCase(), Arn: arn('s3', id.toLowerCase(), ':') }),
  'AWS::SNS::Topic': (id) => ({ Ref: arn('sns', id) }),
  'AWS::SQS::Queue': (id) => ({ Arn: arn('sqs', id) }),
};

/** @returns a function that resolves a value of the named stack's template */
export function resolver(templates: Record<string, Template>): (stack: string, value: unknown) => unknown {
  const exported = new Map<string, { stack: string; value: unknown }>();
  for (const [stack, { Outputs = {} }] of Object.entries(templates)) {
    for (const output of Object.values(Outputs) as { Value: unknown; Export?: { Name: string } }[])
      if (output.Export) exported.set(output.Export.Name, { stack, value: output.Value });
  }

  const refer = (stack: string, id: string, attribute?: string): string => {
    const known = attribute === undefined ? pseudo[id] : undefined;
    if (known !== undefined) return known;
    const type = templates[stack]!.Resources[id]?.Type;
    if (type === undefined) return `${id}-of-${stack}`;
    const made = references[type]?.(id, stack)[(attribute ?? 'Ref') as 'Ref' | 'Arn'];
    if (made !== undefined) return made;
    if (attribute === 'Arn') throw new Error(`What the ARN of a ${type} looks like is not known`);
    if (attribute?.endsWith('SecretArn')) return arn('secretsmanager', `secret:${id}-AbCdEf`);
    return attribute === undefined ? id : `${id}.${attribute}`;
  };

  const list = (stack: string, value: unknown): unknown[] => resolve(stack, value) as unknown[];
  const intrinsics: Record<string, (stack: string, content: unknown) => unknown> = {
    Ref: (stack, id) => refer(stack, String(id)),
    'Fn::GetAtt': (stack, content) => {
      const [id = '', ...attribute] = content as string[];
      return refer(stack, id, attribute.join('.'));
    },
    'Fn::Join': (stack, content) => {
      const [between, parts] = content as [string, unknown];
      return list(stack, parts).join(between);
    },
    'Fn::Sub': (_stack, text) =>
      String(text).replaceAll(/\$\{([\w:]+)\}/g, (_all, name: string) => pseudo[name] ?? name),
    'Fn::Select': (stack, content) => {
      const [at, parts] = content as [string | number, unknown];
      return list(stack, parts)[Number(at)];
    },
    'Fn::Split': (stack, content) => {
      const [by, text] = content as [string, unknown];
      return String(resolve(stack, text)).split(by);
    },
    'Fn::ImportValue': (_stack, name) => {
      const found = exported.get(String(name));
      if (!found) throw new Error(`No stack exports ${String(name)}`);
      return resolve(found.stack, found.value);
    },
  };

  function resolve(stack: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => resolve(stack, one));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, content] = entries[0] ?? [];
    const intrinsic = entries.length === 1 && name !== undefined ? intrinsics[name] : undefined;
    if (intrinsic) return intrinsic(stack, content);
    return Object.fromEntries(entries.map(([key, one]) => [key, resolve(stack, one)]));
  }
  return resolve;
}
