/** The picture of Berth on AWS, drawn from the synthesized templates: the parts, and which of them calls which. */
import type { Resource, Template } from '../../stacks/synthesize.ts';

type Templates = Record<string, Template>;

interface Place {
  stack: string;
  id: string;
}

/** The boxes, by type of resource; other types are wiring, or belong to one of these. */
const boxes: Record<string, (id: string) => string> = {
  'AWS::ApiGatewayV2::Api': () => 'HTTP API',
  'AWS::CloudFront::Distribution': () => 'CloudFront',
  'AWS::CodeBuild::Project': () => 'CodeBuild',
  'AWS::Cognito::UserPool': () => 'Cognito user pool',
  'AWS::DynamoDB::GlobalTable': () => 'DynamoDB table',
  'AWS::ECR::RepositoryCreationTemplate': () => 'ECR repositories',
  'AWS::EKS::Cluster': () => 'EKS cluster',
  'AWS::EC2::VPC': () => 'VPC',
  'AWS::Lambda::Function': (id) => `Lambda: ${id.replace(/Function\w{8}$/, '').toLowerCase()}`,
  // Of all log groups only the one that is a part of the product is drawn.
  'AWS::Logs::LogGroup': (id) => (id.startsWith('Output') ? 'CloudWatch Logs: output' : ''),
  'AWS::RDS::DBCluster': () => 'Aurora PostgreSQL',
  'AWS::S3::Bucket': (id) => `S3: ${id.replace(/\w{8}$/, '').toLowerCase()}`,
  'AWS::SNS::Topic': () => 'SNS: alarms',
  'AWS::Scheduler::Schedule': () => 'Scheduler: each minute',
  'AWS::StepFunctions::StateMachine': () => 'Step Functions',
};

/**
 * The box that an action is on, where it is not the box with the service's own name; none where the policy refers to
 * it, or for what a function does for itself.
 */
const services: Record<string, string> = {
  codebuild: 'CodeBuild',
  dynamodb: 'DynamoDB table',
  ec2: '',
  ecr: 'ECR repositories',
  // This reads where the cluster is; access entries say who may enter it.
  eks: '',
  iam: 'Buckets and queues of programs, and users of their keys',
  kms: 'KMS',
  lambda: '',
  logs: '',
  rds: 'RDS instances',
  s3: '',
  secretsmanager: 'Secrets Manager',
  sqs: '',
  states: 'Step Functions',
  // The roles of clusters beside the installation's own.
  sts: 'Places',
  xray: '',
};

export function architectureText(templates: Templates): string {
  const graph = readGraph(templates);
  const lines = ['```mermaid', 'flowchart LR', '  people([people, CI]) --> CloudFront'];
  for (const [stack, names] of graph.stacks) {
    if (names.length === 0) continue;
    lines.push(`  subgraph ${stack}`);
    for (const name of names) lines.push(`    ${nodeId(name)}["${name}"]`);
    lines.push('  end');
  }
  // These belong to no stack: AWS has them, or Berth makes them while it runs.
  const drawn = new Set([...graph.stacks.values()].flat());
  for (const name of new Set(graph.edges.map(([, to]) => to).filter((to) => !drawn.has(to))))
    lines.push(`  ${nodeId(name)}["${name}"]`);
  for (const [from, to] of graph.edges) lines.push(`  ${nodeId(from)} --> ${nodeId(to)}`);
  // Visitors come by the load balancer that the cluster makes for workloads.
  lines.push('  visitors([visitors]) --> EKS_cluster');
  return [...lines, '```'].join('\n');
}

const nodeId = (name: string): string => name.replaceAll(/[^A-Za-z0-9-]+/g, '_');

function readGraph(templates: Templates) {
  const all = Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources).map(([id, resource]) => ({ stack, id, resource })),
  );
  const find = referencesIn(templates);
  const isCopy = (id: string) => id.includes('CDKBucketDeployment');
  const nameOf = ({ stack, id }: Place): string | undefined => {
    const type = templates[stack]!.Resources[id]!.Type;
    return isCopy(id) ? undefined : boxes[type]?.(id) || undefined;
  };
  const stacks = new Map(
    Object.keys(templates)
      .sort()
      .map((stack) => [
        stack,
        [...new Set(all.filter((one) => one.stack === stack).flatMap((one) => nameOf(one) ?? []))].sort(),
      ]),
  );
  const edges = new Map<string, [string, string]>();
  const add = (from: string | undefined, to: string | undefined): void => {
    if (from && to && from !== to) edges.set(`${from}\n${to}`, [from, to]);
  };
  const of = (...types: string[]) =>
    all.filter(({ id, resource }) => types.includes(resource.Type) && !isCopy(id));
  const property = (resource: Resource, name: string): unknown => resource.Properties?.[name];

  /** The boxes that a value leads to, past the resources in between. */
  const ends = (stack: string, value: unknown): string[] =>
    find(stack, value).flatMap((place) => {
      const { Type, Properties = {} } = templates[place.stack]!.Resources[place.id]!;
      if (Type === 'AWS::Lambda::Url') return ends(place.stack, Properties.TargetFunctionArn);
      if (Type === 'AWS::Lambda::Alias' || Type === 'AWS::Lambda::Version')
        return ends(place.stack, Properties.FunctionName);
      return nameOf(place) ?? [];
    });
  for (const { stack, resource } of of('AWS::CloudFront::Distribution')) {
    const { Origins } = property(resource, 'DistributionConfig') as { Origins: unknown };
    for (const end of ends(stack, Origins)) add('CloudFront', end);
  }
  for (const { stack, resource } of of('AWS::ApiGatewayV2::Integration'))
    for (const end of ends(stack, property(resource, 'IntegrationUri'))) add('HTTP API', end);
  for (const place of of('AWS::Scheduler::Schedule'))
    for (const end of ends(place.stack, property(place.resource, 'Target'))) add(nameOf(place), end);
  for (const place of of('AWS::StepFunctions::StateMachine'))
    for (const end of ends(place.stack, property(place.resource, 'DefinitionString')))
      add(nameOf(place), end);

  const callers = of('AWS::Lambda::Function', 'AWS::CodeBuild::Project');
  const roleOf = ({ stack, resource }: (typeof callers)[number]): Place[] =>
    find(stack, property(resource, resource.Type === 'AWS::Lambda::Function' ? 'Role' : 'ServiceRole'));
  for (const caller of callers) {
    for (const role of roleOf(caller)) {
      const policies = find(
        role.stack,
        templates[role.stack]!.Resources[role.id]!.Properties?.ManagedPolicyArns,
      );
      for (const policy of policies) {
        const granted = templates[policy.stack]!.Resources[policy.id]!.Properties?.PolicyDocument;
        for (const end of ends(policy.stack, granted)) add(nameOf(caller), end);
        const document = JSON.stringify(granted);
        for (const [, service = ''] of document.matchAll(/"([a-z0-9]+):[A-Z]\w+"/g)) {
          add(nameOf(caller), services[service] ?? service);
        }
      }
    }
    if (
      property(caller.resource, 'Role') !== undefined &&
      property(caller.resource, 'VpcConfig') !== undefined
    )
      add(nameOf(caller), 'Aurora PostgreSQL');
  }
  for (const { stack, resource } of of('AWS::EKS::AccessEntry')) {
    const roles = find(stack, property(resource, 'PrincipalArn'));
    const isIts = (role: Place) => roles.some(({ stack: of, id }) => of === role.stack && id === role.id);
    for (const caller of callers) if (roleOf(caller).some(isIts)) add(nameOf(caller), 'EKS cluster');
  }
  return { stacks, edges: together([...edges.values()], stacks) };
}

/** Where all boxes of a stack lead to the same box, one line from the stack stands for all of them. */
function together(edges: [string, string][], stacks: ReadonlyMap<string, string[]>): [string, string][] {
  const merged = new Map<string, [string, string]>();
  const callers = new Set(edges.map(([from]) => from));
  for (const [from, to] of edges) {
    const [stack = '', names = []] = [...stacks].find(([, all]) => all.includes(from)) ?? [];
    const lambdas = names.filter((name) => name.startsWith('Lambda') && callers.has(name));
    const all = lambdas.every((name) => edges.some(([one, other]) => one === name && other === to));
    const source = from.startsWith('Lambda') && lambdas.length > 1 && all ? stack : from;
    merged.set(`${source}\n${to}`, [source, to]);
  }
  return [...merged.values()].sort(([a, b], [c, d]) => (`${a}\n${b}` < `${c}\n${d}` ? -1 : 1));
}

/** @returns a function that finds what a value of a stack refers to, in its own stack or another */
function referencesIn(templates: Templates): (stack: string, value: unknown) => Place[] {
  const exported = new Map<string, { stack: string; value: unknown }>();
  for (const [stack, { Outputs = {} }] of Object.entries(templates))
    for (const output of Object.values(Outputs) as { Value: unknown; Export?: { Name: string } }[])
      if (output.Export) exported.set(output.Export.Name, { stack, value: output.Value });

  return function find(stack, value): Place[] {
    if (typeof value !== 'object' || value === null) return [];
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::ImportValue': name } = value as Record<string, unknown>;
    const id = typeof Ref === 'string' ? Ref : Array.isArray(attribute) ? String(attribute[0]) : undefined;
    if (id !== undefined) return templates[stack]!.Resources[id] ? [{ stack, id }] : [];
    const other = typeof name === 'string' ? exported.get(name) : undefined;
    if (other) return find(other.stack, other.value);
    return Object.values(value).flatMap((one) => find(stack, one));
  };
}
