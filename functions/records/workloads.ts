/**
 * Workloads: each is kept once, beside the id of its version. It is the largest thing that a deployment refers to and
 * never changes, so no other record has a copy.
 */
import { versionIdKey } from '../core/keys.ts';
import type { Deployment, DeploymentDetail, InstanceRef } from '../core/model/index.ts';
import { withVariables } from '../core/score/all-variables.ts';
import type { ScoreWorkload } from '../core/score/workload.ts';
import type { Item, Store } from '../ports/store.ts';
import { mustGet } from './commit.ts';
import { getDeployment } from './read.ts';
import { readMany } from './read-all.ts';
import { asMade } from './recipes/recipes.ts';

/** What is found by a version's id. It is written once. */
export interface VersionContent {
  /** The version record's place in the list of its service. */
  order: string;
  workload: ScoreWorkload;
}

/**
 * Workloads that were read lately, by the id of the version, which is a hash of the workload. Every step of a
 * deployment asks for one.
 */
const known = new WeakMap<Store, Map<string, ScoreWorkload>>();
const KNOWN_MAX = 20;

/** A deployment with its workload. @throws Problem not_found */
export async function withWorkload(store: Store, deployment: Deployment): Promise<DeploymentDetail> {
  const workload = await workloadOf(store, deployment);
  return { ...deployment, workload: withVariables(workload, deployment.variables ?? []) };
}

/**
 * The workload of a deployment as its recipes made it, without placeholders for variables that it takes unnamed.
 * @throws Problem not_found
 */
export async function workloadOf(
  store: Store,
  deployment: VersionRef & Pick<Deployment, 'recipes'>,
): Promise<ScoreWorkload> {
  return asMade(store, await workloadOfVersion(store, deployment), deployment.recipes);
}

/** The workload as it came with its version. @throws Problem not_found */
export async function workloadOfVersion(store: Store, of: VersionRef): Promise<ScoreWorkload> {
  const workload = known.get(store)?.get(nameOf(of)) ?? (await readWorkload(store, of));
  keepWorkload(store, of, workload);
  return workload;
}

type VersionRef = Pick<Deployment, 'project' | 'service' | 'version'>;

/** The name includes the service: an id is too short a hash to be trusted across services of different people. */
const nameOf = ({ project, service, version }: VersionRef): string => `${project}/${service}/${version}`;

/** Keeps a workload for the next readers. */
export function keepWorkload(store: Store, of: VersionRef, workload: ScoreWorkload): void {
  const workloads = known.get(store) ?? new Map<string, ScoreWorkload>();
  known.set(store, workloads);
  if (!workloads.has(nameOf(of)) && workloads.size >= KNOWN_MAX) workloads.clear();
  workloads.set(nameOf(of), workload);
}

/** Workloads of many versions, each read once; undefined where one is gone. In the order asked. */
export async function workloadsOfVersions(
  store: Store,
  refs: readonly VersionRef[],
): Promise<(ScoreWorkload | undefined)[]> {
  const found = new Map(refs.map((of) => [nameOf(of), known.get(store)?.get(nameOf(of))]));
  const missing = [...new Map(refs.map((of) => [nameOf(of), of]))].filter(([name]) => !found.get(name));
  const items = await readMany<VersionContent>(
    store,
    missing.map(([, of]) => versionIdKey(of, of.version)),
  );
  missing.forEach(([name, of], at) => {
    const workload = items[at]?.data.workload;
    found.set(name, workload);
    if (workload) keepWorkload(store, of, workload);
  });
  return refs.map((of) => found.get(nameOf(of)));
}

async function readWorkload(store: Store, of: VersionRef): Promise<ScoreWorkload> {
  const { version, service } = of;
  const { data } = await mustGet<VersionContent>(
    store,
    versionIdKey(of, version),
    `version "${version}" of service "${service}"`,
    'It was deleted with its service.',
  );
  return data.workload;
}

/** @throws Problem not_found */
export async function getDeploymentDetail(
  store: Store,
  ref: InstanceRef,
  number: number,
): Promise<Item<DeploymentDetail>> {
  const item = await getDeployment(store, ref, number);
  return { ...item, data: await withWorkload(store, item.data) };
}
