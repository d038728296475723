/** What a deployment would change. It only reads: nothing is accepted, made or kept. */

import { splitWords } from '../../core/command-line.ts';
import type { Change } from '../../core/diff/change.ts';
import { diffPinned, type Pinned, pinnedOf } from '../../core/diff/deployment-diff.ts';
import { environmentPartition, RESOURCE_PREFIX } from '../../core/keys.ts';
import type {
  DeploymentDetail,
  DeploymentKind,
  Environment,
  InstanceRef,
  Resource,
  Revision,
} from '../../core/model/index.ts';
import { Problem, type ProblemDetail } from '../../core/problem.ts';
import type { RolloutPlan } from '../../core/rollout/rollout-plan.ts';
import { usedOfType, usedOutputs } from '../../core/score/references.ts';
import { resourceIdentity } from '../../core/score/resource-identity.ts';
import { readSettings } from '../../core/score/settings.ts';
import type { Ports } from '../../ports/index.ts';
import { type Image, RELEASE_LABEL } from '../../ports/registry.ts';
import { instanceIn } from '../../records/instances.ts';
import { getEnvironment, getService } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { findResourceType } from '../../resources/index.ts';
import type { SecretReferences } from '../../resources/type.ts';
import { nextNumber } from '../approvals/approvals.ts';
import { type PlannedCost, plannedCost } from '../costs/planned-cost.ts';
import { notReady, RUNS_IN } from '../environments/environments.ts';
import { type Content, contentOf, type DeploymentRequest, scaleOf } from './deployment-content.ts';
import { deploymentProblems } from './deployment-problems.ts';
import { type PlannedResource, plannedResources } from './planned-resources.ts';

export interface Plan {
  kind: DeploymentKind;
  /** The number that the deployment would get, if nothing else is deployed first. */
  number: number;
  /** The deployment that serves now. */
  from?: number;
  version: string;
  digest: string;
  revision?: Revision;
  /** Which version of which recipe makes resources of it, by the Score file's names for these. */
  recipes?: DeploymentDetail['recipes'];
  changes: Change[];
  resources: PlannedResource[];
  replicas: { before: number; after: number };
  /** What runs before it takes traffic. */
  releaseCommand?: string;
  /** How it takes over step by step; absent where it does so as soon as it is ready. */
  rollout?: RolloutPlan;
  /** What serves now runs on for so long beside it, seconds, with as many replicas as `replicas.before`; absent for none. */
  warmSeconds?: number;
  /** How it changes what a month costs. */
  cost: PlannedCost;
  /** Why the deployment would be refused or would fail, as far as that can be known beforehand. */
  problems: ProblemDetail[];
  /** What the workload will not find there as its Score file says, a sentence each. */
  warnings: string[];
}

/** @throws Problem not_found | ambiguous_version | conflict, as the deployment itself */
export async function planDeployment(
  ports: Ports,
  ref: InstanceRef,
  request: DeploymentRequest,
): Promise<Plan> {
  const { store } = ports;
  await getService(store, ref);
  const environment = await getEnvironment(store, ref);
  const instance = instanceIn(environment.data, ref.service);
  const { refused: unmade, ...asked } = await contentOf(ports, ref, request);
  const content = { ...asked, ...scaleOf(instance) };
  const current = instance?.current;
  const serving = current === undefined ? undefined : await getDeploymentDetail(store, ref, current);
  const there = await readAll<Resource>(store, environmentPartition(ref), RESOURCE_PREFIX);
  const records = new Map(there.map(({ data }) => [data.uid, data]));
  const pinned = content.outputs ? pinnedOf(content) : await pinsNow(ports, ref, content, records);
  // Where its recipes refuse what it asks for, nothing can be said of what they would make.
  const refused = unmade ?? (await deploymentProblems(ports, ref, content, records));
  const image = await imageOf(ports, ref, content);
  const command = releaseCommand(content, image);
  const settings = readSettings(content.workload.metadata.annotations).settings;
  const before = serving && pinnedOf(serving.data);
  const warmSeconds = serving && ports.workloads.tracks && settings.warmSeconds;
  const runsNow = instance?.state === 'stopped' ? undefined : serving?.data;
  return {
    kind: content.kind,
    number: nextNumber(instance),
    ...(current !== undefined && { from: current }),
    version: content.version,
    digest: content.digest,
    ...(content.revision && { revision: content.revision }),
    ...(content.recipes && { recipes: content.recipes }),
    changes: unmade ? [] : diffPinned(before, pinned),
    resources: unmade ? [] : plannedResources(ref.service, content.workload, records),
    replicas: {
      before: serving ? replicasOf(serving.data) : 0,
      after: content.replicas ?? settings.replicas,
    },
    ...(command && { releaseCommand: command.join(' ') }),
    ...(settings.rollout && serving && content.kind !== 'rollback' && { rollout: settings.rollout }),
    ...(warmSeconds && { warmSeconds }),
    cost: plannedCost(runsNow, content, records, warmSeconds),
    problems: [...stateProblems(environment.data), ...refused.map((problem) => problem.toDetail())],
    // What they warn of is of the installation's own place.
    warnings:
      image && environment.data.placement === undefined
        ? (ports.workloads.warnings?.(content.workload, image.config.workingDir) ?? [])
        : [],
  };
}

const replicasOf = ({ replicas, workload }: DeploymentDetail): number =>
  replicas ?? readSettings(workload.metadata.annotations).settings.replicas;

const stateProblems = (environment: Environment): ProblemDetail[] =>
  RUNS_IN.includes(environment.state) ? [] : [notReady(environment, RUNS_IN).toDetail()];

/** What would be pinned now: the current versions of secrets, and the outputs of the resources that exist. */
async function pinsNow(
  ports: Ports,
  ref: InstanceRef,
  { version, digest, workload, replicas }: Content,
  records: ReadonlyMap<string, Resource>,
): Promise<Pinned> {
  const secrets = new Map<string, string>();
  const resources = workload.resources ?? {};
  const variables = new Map<string, string>();
  const values = new Map<string, Record<string, string>>();
  const ofEnvironment = new Map<string, SecretReferences>();
  for (const type of new Set(Object.values(resources).map((declared) => declared.type))) {
    const { environmentSecrets } = findResourceType(type) ?? {};
    if (!environmentSecrets) continue;
    const current = await environmentSecrets.current(ports, ref);
    const pinned = environmentSecrets.pin(ports, ref, current, usedOfType(workload, type));
    // Why one can not be had is among the problems.
    ofEnvironment.set(
      type,
      await pinned.catch((error: unknown) => {
        if (error instanceof Problem) return current;
        throw error;
      }),
    );
    values.set(type, await environmentSecrets.variables(ports, ref));
  }
  for (const [resource, used] of usedOutputs(workload)) {
    const declared = resources[resource];
    if (!declared) continue;
    const { uid } = resourceIdentity(workload.metadata.name, resource, declared);
    const offered = ofEnvironment.get(declared.type) ?? records.get(uid)?.outputs.secrets ?? {};
    for (const output of used) {
      const found = Object.hasOwn(offered, output) ? offered[output] : undefined;
      const plain = values.get(declared.type) ?? {};
      if (found) secrets.set(`${resource}.${output}`, found.version);
      else if (Object.hasOwn(plain, output)) variables.set(`${resource}.${output}`, plain[output] ?? '');
    }
  }
  const scaled = replicas === undefined ? {} : { replicas };
  return { version, digest, workload, secrets, variables, ...scaled };
}

/** An image that is gone is among the problems. */
async function imageOf(ports: Ports, ref: InstanceRef, { digest }: Content): Promise<Image | undefined> {
  try {
    return await ports.registry.resolve(ref, digest);
  } catch (error) {
    if (error instanceof Problem && error.code === 'image_unavailable') return undefined;
    throw error;
  }
}

/** The release command of the workload, or the one that its image carries. */
function releaseCommand({ kind, workload }: Content, image: Image | undefined): string[] | undefined {
  // A rollback runs no release command: the database already has the newer schema.
  if (kind === 'rollback') return undefined;
  const labelled = image?.config.labels[RELEASE_LABEL];
  return (
    readSettings(workload.metadata.annotations).settings.releaseCommand ??
    (labelled ? splitWords(labelled) : undefined)
  );
}
