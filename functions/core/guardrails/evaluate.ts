/** Decides whether a deployment meets a policy. Pure: the caller hands in the facts. */
import type { Processes } from '../model/environment.ts';
import type { DeploymentKind, Source } from '../model/index.ts';
import { processesOf } from '../score/processes.ts';
import { containerCompute, parseCpu, parseMemory } from '../score/quantities.ts';
import { readSettings } from '../score/settings.ts';
import type { ScoreWorkload } from '../score/workload.ts';
import { matchesWildcard } from '../wildcard.ts';
import { type BudgetFacts, checkBudget } from './budget.ts';
import { describeWindow, isFrozen } from './freeze.ts';
import {
  type Policy,
  type PolicyRule,
  type PolicyScope,
  type Severity,
  severities,
  type Violation,
} from './policy-types.ts';
import { type ImageSignature, isSignedBy } from './signatures.ts';

/** What a scan of an image found. */
export interface Findings {
  /** ISO 8601. */
  scannedAt: string;
  counts: Partial<Record<Severity, number>>;
}

export interface DeploymentFacts {
  environment: string;
  kind: DeploymentKind;
  /** Epoch milliseconds. */
  at: number;
  digest: string;
  source: Source;
  workload: ScoreWorkload;
  /** The scale that people set, in place of what the Score file asks for. */
  replicas?: number;
  /** Numbers of replicas of its processes, of which those that people set count. */
  processes?: Processes;
  /** Undefined where the image was not scanned. Read only where a policy asks for it. */
  findings: Findings | undefined;
  signatures: readonly ImageSignature[];
  /** Read only where a policy asks for it. */
  cost?: BudgetFacts;
}

type Finding = Pick<Violation, 'fact' | 'remedy'>;

/** Tells whether a policy applies to a deployment at all. */
export function concerns(
  { environments, rollbacks }: Pick<Policy, 'environments' | 'rollbacks'>,
  facts: Pick<DeploymentFacts, 'environment' | 'kind'>,
): boolean {
  // What runs the same version once more brings nothing that policies ask about, and neither does what ends it.
  const kinds: Record<DeploymentKind, boolean> = {
    deploy: true,
    promote: true,
    rollback: rollbacks,
    redeploy: false,
    restart: false,
    start: false,
    stop: false,
    remove: false,
    // What it asks about is the number alone: see evaluatePolicy.
    scale: true,
  };
  if (!kinds[facts.kind]) return false;
  return environments?.some((pattern) => matchesWildcard(pattern, facts.environment)) ?? true;
}

/** What the number of replicas is a matter of. */
const ofScale: ReadonlySet<PolicyRule['kind']> = new Set(['ceiling', 'budget']);

/** @returns undefined where the policy is met, or does not apply */
export function evaluatePolicy(
  policy: Policy,
  scope: PolicyScope,
  facts: DeploymentFacts,
): Violation | undefined {
  if (!concerns(policy, facts)) return undefined;
  if (facts.kind === 'scale' && !ofScale.has(policy.rule.kind)) return undefined;
  const finding = checkRule(policy.rule, facts);
  return finding && { policy: policy.name, scope, ...finding };
}

function checkRule(rule: PolicyRule, facts: DeploymentFacts): Finding | undefined {
  switch (rule.kind) {
    case 'allowed-registries':
      return checkRegistry(rule.registries, facts.source);
    case 'digest-only':
      return checkDigest(facts.source);
    case 'scan':
      return checkFindings(rule.severity, facts.findings);
    case 'signature':
      return checkSignature(rule.keys, facts);
    case 'ceiling':
      return checkCeiling(rule, facts);
    case 'branches':
      return checkBranch(rule, facts.source);
    case 'freeze':
      return checkFreeze(rule.windows, facts.at);
    case 'budget':
      return checkBudget(rule, facts.cost);
    default:
      return rule satisfies never;
  }
}

/**
 * The registry and path of an image: `ghcr.io/acme` of `ghcr.io/acme/web:1`. A reference without a host is in Berth's
 * own registry.
 */
function registryOf(reference: string): string | undefined {
  const [host = '', ...path] = reference.split('@', 1)[0]!.split('/');
  const isHost = path.length > 0 && (/[.:]/.test(host) || host === 'localhost');
  return isHost ? [host.toLowerCase(), ...path].join('/') : undefined;
}

/** The name of an image that was pushed, or taken from another registry; undefined where Berth built it. */
function pushedReference(source: Source): string | undefined {
  switch (source.kind) {
    case 'image':
      return source.reference;
    case 'git':
    case 'upload':
      return source.image;
    default:
      return source satisfies never;
  }
}

function checkRegistry(registries: readonly string[], source: Source): Finding | undefined {
  const reference = pushedReference(source);
  const name = reference === undefined ? undefined : registryOf(reference);
  if (name === undefined) return undefined;
  // Names are compared part by part: `ghcr.io/acme` does not allow `ghcr.io/acme-fork`.
  if (registries.some((allowed) => name === allowed || name.startsWith(`${allowed}/`))) return undefined;
  return {
    fact: `the image comes from ${name.split(':', 1)[0]}`,
    remedy: `Build it with Berth, or push it to ${registries.join(' or ')}.`,
  };
}

function checkDigest(source: Source): Finding | undefined {
  const reference = pushedReference(source);
  if (reference === undefined || /(?:^|@)sha256:[0-9a-f]{64}$/.test(reference)) return undefined;
  return {
    fact: `the version was registered by the tag "${reference}"`,
    remedy:
      'Register the image by its digest, sha256:..., or name it so in the Score file, and deploy that version.',
  };
}

function checkFindings(severity: Severity, findings: Findings | undefined): Finding | undefined {
  if (!findings) {
    return {
      fact: 'the image has not been scanned',
      remedy: 'Push it to a registry that scans, and deploy when its scan is complete.',
    };
  }
  const refused = severities.slice(0, severities.indexOf(severity) + 1);
  const found = refused.filter((one) => (findings.counts[one] ?? 0) > 0);
  if (found.length === 0) return undefined;
  const counts = found.map((one) => `${findings.counts[one]} ${one}`).join(' and ');
  return {
    fact: `the scan of ${findings.scannedAt} found ${counts}`,
    remedy: 'Mend them, most often by building on a newer base image, and deploy the new version.',
  };
}

function checkSignature(
  keys: readonly { name: string; publicKey: string }[],
  { digest, signatures }: DeploymentFacts,
): Finding | undefined {
  if (keys.some(({ publicKey }) => isSignedBy(publicKey, digest, signatures))) return undefined;
  const names = keys.map(({ name }) => name).join(' or ');
  return {
    fact: signatures.length === 0 ? 'the image is not signed' : `no signature of the image is by ${names}`,
    remedy: `Sign its digest with ${names}: cosign sign --key <key> <image>@${digest}.`,
  };
}

function checkCeiling(
  { cpu, memory, replicas }: PolicyRule & { kind: 'ceiling' },
  { workload, replicas: scaled = 0, processes }: Pick<DeploymentFacts, 'workload' | 'replicas' | 'processes'>,
): Finding | undefined {
  const containers = Object.entries(workload.containers);
  const limits = containers.map(([name, container]) => ({ name, ...containerCompute(container).limits }));
  const over = (what: string, ceiling: string, used: (number | undefined)[], most: number) => {
    const without = limits.filter((_, at) => used[at] === undefined).map(({ name }) => name);
    if (without.length > 0)
      return { fact: `container ${without.join(', ')} has no limit of ${what}`, what, ceiling };
    const sum = used.reduce<number>((total, one) => total + (one ?? 0), 0);
    return sum > most ? { fact: `its limits of ${what} are over ${ceiling}`, what, ceiling } : undefined;
  };
  const found =
    (cpu !== undefined &&
      over(
        'cpu',
        cpu,
        limits.map((one) => one.cpu),
        parseCpu(cpu),
      )) ||
    (memory !== undefined &&
      over(
        'memory',
        memory,
        limits.map((one) => one.memoryBytes),
        parseMemory(memory),
      )) ||
    undefined;
  if (found) {
    return {
      fact: found.fact,
      remedy: `Set resources.limits.${found.what} in the Score file, ${found.ceiling} at most for all containers together.`,
    };
  }
  const settings = readSettings(workload.metadata.annotations).settings;
  const beside = Object.values(processesOf(workload, processes) ?? {}).reduce(
    (sum, one) => sum + one.replicas,
    0,
  );
  const asked = Math.max(settings.maxReplicas, scaled) + beside;
  if (replicas === undefined || asked <= replicas) return undefined;
  if (beside > 0)
    return {
      fact: `it asks for up to ${asked} replicas, ${beside} of them of processes beside web`,
      remedy: `Scale web and its processes, or set berth.dev/replicas, berth.dev/max-replicas and berth.dev/processes, to ${replicas} at most together.`,
    };
  return {
    fact: `it asks for up to ${asked} replicas`,
    remedy:
      scaled > settings.maxReplicas
        ? `Scale it to ${replicas} at most.`
        : `Set berth.dev/replicas and berth.dev/max-replicas to ${replicas} at most.`,
  };
}

const withoutBranch: Record<Exclude<Source['kind'], 'git'>, string> = {
  upload: 'an upload',
  image: 'an image that was pushed',
};

function checkBranch(
  { branches, repositories }: PolicyRule & { kind: 'branches' },
  source: Source,
): Finding | undefined {
  const remedy = `Build it with Berth from ${branches.join(' or ')}${repositories ? ` of ${repositories.join(' or ')}` : ''}.`;
  if (source.kind !== 'git') {
    const fact = `the version comes from ${withoutBranch[source.kind]}, of which no branch is known`;
    return { fact, remedy };
  }
  // The full name alone tells a branch from a tag; a commit that is asked for by its hash can be of any branch.
  const branch = /^refs\/heads\/(.+)$/.exec(source.ref)?.[1];
  if (branch === undefined) {
    return { fact: `the version was built from "${source.ref}", which is not known to be a branch`, remedy };
  }
  const allowed = branches.some((pattern) => matchesWildcard(pattern, branch));
  if (!allowed) return { fact: `the version was built from "${branch}"`, remedy };
  if (!repositories || repositories.includes(source.url)) return undefined;
  return { fact: `the version was built from the repository ${source.url}`, remedy };
}

function checkFreeze(windows: (PolicyRule & { kind: 'freeze' })['windows'], at: number): Finding | undefined {
  const window = windows.find((one) => isFrozen(one, at));
  return (
    window && {
      fact: `deployments are frozen: ${describeWindow(window)}`,
      remedy: 'Wait until the window is over, or ask whoever made the policy.',
    }
  );
}
