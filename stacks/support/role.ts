/** Roles, each with managed policies that hold everything the role may do. */
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { accept } from './accept.ts';

export interface RoleOptions {
  /** Such as `lambda.amazonaws.com`, or the ARNs of roles. */
  takenBy: string | readonly string[];
  description: string;
  statements: Grant[];
  /** Conditions on who may take the role, against the confused deputy. */
  conditions?: Record<string, Record<string, string>>;
  boundary?: iam.IManagedPolicy;
  /** Who takes it tells by tags for whom it takes the role. */
  tagged?: boolean;
}

export interface Grant {
  actions: string[];
  resources: string[];
  conditions?: Record<string, Record<string, string | string[]>>;
  /** Why resources end in a wildcard or consist of one; required in that case. */
  wildcard?: string;
}

/** What AWS has for a managed policy, without white space. As a template writes it, a policy is longer than it becomes. */
const POLICY_MAX = 6_144;
/** Version and brackets, around the statements. */
const POLICY_FRAME = 60;

/** The statements in the order given, as many to a policy as it has room for. */
function policiesOf(scope: Construct, statements: readonly Grant[]): Grant[][] {
  const policies: Grant[][] = [];
  let left = 0;
  for (const statement of statements) {
    const size = JSON.stringify(Stack.of(scope).resolve({ ...statement, wildcard: undefined })).length + 20;
    if (policies.length === 0 || size > left) {
      policies.push([]);
      left = POLICY_MAX - POLICY_FRAME;
    }
    policies.at(-1)?.push(statement);
    left -= size;
  }
  return policies;
}

/** The result takes no further policies: everything the role may do is written where the role is made. */
export function createRole(scope: Construct, id: string, options: RoleOptions): iam.IRole {
  const { takenBy, description, statements, conditions, boundary, tagged = false } = options;
  const policies = policiesOf(scope, statements).map((part, at) => {
    const policy = new iam.ManagedPolicy(scope, `${id}Policy${at === 0 ? '' : at + 1}`, {
      description: `What the role may do: ${description}`,
      statements: part.map(
        ({ actions, resources, conditions: only }) =>
          new iam.PolicyStatement({ actions, resources, ...(only && { conditions: only }) }),
      ),
    });
    for (const { resources, wildcard } of part) acceptWildcards(policy, resources, wildcard);
    return policy;
  });
  const principal =
    typeof takenBy === 'string'
      ? new iam.ServicePrincipal(takenBy, conditions && { conditions })
      : new iam.CompositePrincipal(...takenBy.map((role) => new iam.ArnPrincipal(role)));
  const role = new iam.Role(scope, `${id}Role`, {
    assumedBy: tagged ? new iam.SessionTagsPrincipal(principal) : principal,
    description,
    managedPolicies: policies,
    ...(boundary && { permissionsBoundary: boundary }),
  });
  return role.withoutPolicyUpdates();
}

/** @throws Error where a resource has a wildcard and no reason is given */
export function acceptWildcards(
  policy: iam.ManagedPolicy,
  resources: string[],
  reason: string | undefined,
): void {
  for (const resource of resources.map((one) => flat(Stack.of(policy).resolve(one)))) {
    if (!resource.includes('*')) continue;
    if (reason === undefined) throw new Error(`${policy.node.path}: no reason is given for ${resource}`);
    accept(policy, { [`AwsSolutions-IAM5[Resource::${resource}]`]: reason });
  }
}

/** A reference as findings write it: `<Table.Arn>/*`. */
function flat(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[kind, content]] = Object.entries(value) as [[string, unknown]];
  if (kind === 'Ref') return `<${String(content)}>`;
  if (kind === 'Fn::GetAtt') return `<${(content as string[]).join('.')}>`;
  if (kind === 'Fn::Join') return (content as [string, unknown[]])[1].map(flat).join('');
  return flat(content);
}
