/** Findings of the rule packs, of checkov and of cfn-lint that are accepted, each with its reason. */
import { CfnResource, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Reasons by the finding's id: `AwsSolutions-SMG4`, `AwsSolutions-IAM5[Resource::*]`, `CKV_AWS_18`, `W3005`. */
export type Reasons = Readonly<Record<string, string>>;

/**
 * Rule packs take a reason for a construct with all its parts; checkov and cfn-lint take it for the construct's main
 * resource alone, and read it from the template.
 */
export function accept(scope: IConstruct, reasons: Reasons): void {
  const rules = Object.entries(reasons).map(([id, reason]) => ({ id, reason }));
  const checks = rules.filter(({ id }) => id.startsWith('CKV_'));
  const lints = rules.filter(({ id }) => /^[EWI]\d{4}$/.test(id));
  const rest = rules.filter((rule) => !checks.includes(rule) && !lints.includes(rule));
  if (rest.length > 0) Validations.of(scope).acknowledge(...rest);
  if (checks.length > 0) acceptChecks(mainResource(scope), checks);
  if (lints.length > 0) acceptLints(mainResource(scope), lints);
}

interface Rule {
  id: string;
  reason: string;
}

function acceptChecks(resource: CfnResource, rules: Rule[]): void {
  const before = (resource.getMetadata('checkov') as { skip: object[] } | undefined)?.skip ?? [];
  const skip = rules.map(({ id, reason }) => ({ id, comment: reason }));
  resource.addMetadata('checkov', { skip: [...before, ...skip] });
}

function acceptLints(resource: CfnResource, rules: Rule[]): void {
  resource.addMetadata('cfn-lint', {
    config: { ignore_checks: rules.map(({ id }) => id) },
    reasons: Object.fromEntries(rules.map(({ id, reason }) => [id, reason])),
  });
}

function mainResource(scope: IConstruct): CfnResource {
  if (CfnResource.isCfnResource(scope)) return scope;
  const child = scope.node.defaultChild;
  if (!child) throw new Error(`${scope.node.path} has no main resource: name the one that is meant`);
  return mainResource(child);
}

/** The same reason for several findings. */
export const because = (reason: string, ...ids: string[]): Record<string, string> =>
  Object.fromEntries(ids.map((id) => [id, reason]));

/** For every log group: a key of our own costs $1 a month, more than all the rest of the control plane. */
export const logEncryption: Reasons = because(
  'Encrypted with the key of CloudWatch Logs, as all that is there; a key of its own costs $1 a month.',
  'NIST.800.53.R5-CloudWatchLogGroupEncrypted',
  'CKV_AWS_158',
);
