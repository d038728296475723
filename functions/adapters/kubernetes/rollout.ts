/** Waits for a deployment to serve, and says why it does not. */
import type { CoreV1Event } from '@kubernetes/client-node';
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { quoteOutput } from '../../ports/rules/telling-lines.ts';
import type { Rollout } from '../../ports/workloads.ts';
import { watchChanges } from './api/object-changes.ts';
import { collectionPath } from './api/object-paths.ts';
import { findRouteTrouble } from './http-routes.ts';
import { serviceName } from './object-names.ts';
import {
  type Cluster,
  deploymentPath,
  getDeployment,
  logTail,
  maskOf,
  namespaceOf,
  numberOf,
  podNumber,
  podsPath,
  podsQuery,
  type StoredDeployment,
  type StoredPod,
  type Tail,
} from './shared-reads.ts';
import {
  deploymentTrouble,
  isRolledOut,
  pastDeadline,
  podTrouble,
  probeMessage,
  type Trouble,
} from './trouble.ts';

/** What has just been replaced may use up the quota for a moment longer. */
const REFUSED_GRACE_MS = 5000;

/** Routes are not watched, since they are served long before pods are ready. */
const ROUTE_LOOK_MS = 500;

const superseded = (ref: InstanceRef, number: number): Rollout => ({
  state: 'failed',
  error: {
    code: 'superseded',
    cause: `Deployment ${number} of ${ref.service} is not waited for: it is not what is declared now.`,
    hint: 'Follow the newest deployment instead.',
  },
});

export async function awaitRollout(
  cluster: Cluster,
  ref: InstanceRef,
  number: number,
  signal: AbortSignal,
  now: () => number,
): Promise<Rollout> {
  const path = deploymentPath(cluster, ref);
  const pods = podsPath(cluster, ref);
  let changes: ReturnType<typeof watchChanges> | undefined;
  let refusedSince: number | undefined;
  try {
    while (!signal.aborted) {
      const deployment = await getDeployment(cluster, path);
      if (!deployment || deployment.metadata.deletionTimestamp || numberOf(deployment) !== number)
        return superseded(ref, number);
      // The gateway has all the time that pods take to start.
      const unserved = isRolledOut(deployment) ? await findRouteTrouble(cluster, ref) : undefined;
      if (isRolledOut(deployment) && !unserved) return { state: 'ready' };
      const { items, metadata } = await cluster.client.list<StoredPod>(pods, podsQuery(ref));
      const refused = deploymentTrouble(deployment);
      // What still drains makes room when it ends.
      const isFreeing = items.some((pod) => pod.metadata.deletionTimestamp);
      refusedSince = refused && !isFreeing ? (refusedSince ?? performance.now()) : undefined;
      const isRefused = refusedSince !== undefined && performance.now() - refusedSince > REFUSED_GRACE_MS;
      const failure = failureOf(deployment, items, isRefused, now(), unserved);
      if (failure) return { state: 'failed', error: await explain(cluster, ref, deployment, failure) };
      changes ??= watchChanges(cluster.client, [
        {
          path: collectionPath('Deployment', namespaceOf(cluster, ref)),
          query: { fieldSelector: `metadata.name=${serviceName(ref)}` },
          resourceVersion: deployment.metadata.resourceVersion,
        },
        { path: pods, query: podsQuery(ref), resourceVersion: metadata.resourceVersion },
      ]);
      const soon = unserved ? ROUTE_LOOK_MS : refused ? REFUSED_GRACE_MS : undefined;
      await changes.next(soon === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(soon)]));
    }
    return { state: 'progressing' };
  } finally {
    changes?.close();
  }
}

interface Failure extends Partial<Trouble> {
  late: boolean;
}

/** The problem that ends the rollout now; undefined while there is hope. */
function failureOf(
  deployment: StoredDeployment,
  pods: readonly StoredPod[],
  isRefused: boolean,
  now: number,
  unserved: Trouble | undefined,
): Failure | undefined {
  const number = numberOf(deployment);
  const found = pods
    .filter((pod) => !pod.metadata.deletionTimestamp && podNumber(pod) === number)
    .flatMap((pod) => podTrouble(pod) ?? []);
  const final = found.find((trouble) => trouble.final);
  if (final) return { ...final, late: false };
  const refused = deploymentTrouble(deployment);
  if (refused && isRefused) return { ...refused, late: false };
  if (!pastDeadline(deployment, now)) return undefined;
  return { ...(refused ?? found[0] ?? unserved), late: true };
}

async function explain(cluster: Cluster, ref: InstanceRef, deployment: StoredDeployment, failure: Failure) {
  const number = numberOf(deployment);
  const mask = await maskOf(cluster, ref, number);
  const tail = failure.log ? await logTail(cluster, ref, failure.log, mask) : undefined;
  const probe = failure.check ? await probeFailure(cluster, ref, failure.check) : undefined;
  const name = `Deployment ${number} of ${ref.service}`;
  const seconds = deployment.spec?.progressDeadlineSeconds ?? 0;
  const times = failure.crashes && failure.crashes > 1 ? ` ${failure.crashes} times` : '';
  const what =
    failure.code === 'workload_crashed'
      ? `crashed${times}`
      : failure.late
        ? `was not ready within ${seconds} s`
        : 'can not be rolled out';
  const why = [failure.why ?? 'the cluster made no progress', probe?.why].filter(Boolean).join('; ');
  const output = tail && ` ${outputWords(tail)}`;
  return new Problem(failure.code ?? 'workload_not_ready', mask(`${name} ${what}: ${why}.${output ?? ''}`), {
    hint:
      probe?.hint ??
      failure.hint ??
      'Look at the log, raise the progress deadline if it only starts slowly, then deploy again.',
  }).toDetail();
}

function outputWords({ lines, unread }: Tail): string {
  if (unread !== undefined) return unread;
  return quoteOutput(lines, 6);
}

/** What the last failing probe of a pod said. */
async function probeFailure(cluster: Cluster, ref: InstanceRef, check: NonNullable<Trouble['check']>) {
  const { items } = await cluster.client
    .list<CoreV1Event>(collectionPath('Event', namespaceOf(cluster, ref)), {
      fieldSelector: `involvedObject.name=${check.pod},reason=Unhealthy`,
    })
    .catch(() => ({ items: [] }));
  const message = items.at(-1)?.message;
  return message === undefined ? undefined : probeMessage(message, check.words);
}
