/** What a policy would have refused in the last 30 days. */

import type { Policy, Violation } from '../../core/guardrails/policy-types.ts';
import { deploymentKey, eventKey, eventsPartition, PROJECTS } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { BerthEvent, Deployment, InstanceRef, Project } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { lastNumberAt, readHead } from '../../records/chain-append.ts';
import { readAll } from '../../records/read-all.ts';
import { withWorkload } from '../../records/workloads.ts';
import { judge, type PolicyOwner } from './policies.ts';

/** How far back a dry run looks, milliseconds. */
export const DRY_RUN_MS = 30 * 24 * 60 * 60 * 1000;
/** At most this many deployments are judged, the newest first. */
const DEPLOYMENTS_MAX = limits.dryRun.value;
const PAGE = 200;

export interface RefusedDeployment extends InstanceRef {
  number: number;
  version: string;
  at: string;
  by: string;
  violation: Violation;
}

export interface DryRun {
  /** Deployments that were judged. */
  considered: number;
  refused: RefusedDeployment[];
  /** There were more deployments than are judged at once. */
  truncated: boolean;
}

/**
 * Judges the deployments of the last 30 days by a policy that is not in force. Scans and signatures are read as they
 * are now; the time is that of the deployment.
 */
export async function dryRunPolicy(ports: Ports, owner: PolicyOwner, policy: Policy): Promise<DryRun> {
  const scope = owner.project === undefined ? 'platform' : 'project';
  const projects =
    owner.project === undefined
      ? (await readAll<Project>(ports.store, PROJECTS)).map(({ data }) => data.name)
      : [owner.project];
  const run: DryRun = { considered: 0, refused: [], truncated: false };
  for (const project of projects) {
    for await (const deployment of recentDeployments(ports, project)) {
      if (run.considered === DEPLOYMENTS_MAX) return { ...run, truncated: true };
      run.considered += 1;
      const at = Date.parse(deployment.createdAt);
      const [violation] = await withWorkload(ports.store, deployment)
        .then((content) => judge(ports, deployment, content, at, [{ scope, policy }], true))
        .catch(forgotten);
      if (violation) run.refused.push(refusedView(deployment, violation));
    }
  }
  return run;
}

/** The version was deleted with its service, so it can no longer be judged. */
function forgotten(error: unknown): Violation[] {
  if (error instanceof Problem && (error.code === 'not_found' || error.code === 'image_unavailable'))
    return [];
  throw error;
}

/** The deployments whose records exist, the newest first: those of destroyed environments are gone. */
async function* recentDeployments(ports: Ports, project: string): AsyncGenerator<Deployment> {
  const { store, effects } = ports;
  const since = new Date(effects.now() - DRY_RUN_MS).toISOString();
  const first = await lastNumberAt(store, project, since);
  let before = (await readHead(store, project)).number + 1;
  while (before > first + 1) {
    const page = await store.query<BerthEvent>({
      pk: eventsPartition(project),
      after: eventKey(project, before).sk,
      limit: Math.min(PAGE, before - first - 1),
      reverse: true,
    });
    const keys = page.items.flatMap(({ data }) => keyOf(data) ?? []);
    for (let at = 0; at < keys.length; at += 100) {
      const found = await store.getMany<Deployment>(keys.slice(at, at + 100));
      for (const item of found) if (item) yield item.data;
    }
    before -= page.items.length;
    if (page.items.length === 0) return;
  }
}

function keyOf(event: BerthEvent) {
  const { project, environment, service } = event;
  if (event.type !== 'deployment.created' || !environment || !service) return undefined;
  return deploymentKey({ project, environment, service }, event.data.number);
}

const refusedView = (deployment: Deployment, violation: Violation): RefusedDeployment => {
  const { project, environment, service, number, version, createdAt, createdBy } = deployment;
  return { project, environment, service, number, version, at: createdAt, by: createdBy, violation };
};
