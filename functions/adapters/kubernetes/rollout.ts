/** Waits for a deployment to serve, and says why it does not. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoreV1Event } from '@kubernetes/client-node';
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { quoteOutput } from '../../ports/rules/telling-lines.ts';
import type { Rollout } from '../../ports/workloads.ts';
import { leadToService } from './activator/switch-routes.ts';
import { watchChanges } from './api/object-changes.ts';
import { collectionPath } from './api/object-paths.ts';
import { findRouteTrouble } from './http-routes.ts';
import {
  type Cluster,
  isOfTrack,
  logTail,
  maskOf,
  namespaceOf,
  numberOf,
  ofService,
  podNumber,
  podsPath,
  podsQuery,
  readDeclared,
  type StoredDeployment,
  type StoredPod,
  startedAs,
  type Tail,
} from './shared-reads.ts';
import { settle } from './tracks/settle.ts';
import { setAside, takeOver } from './tracks/take-over.ts';
import { candidateOf } from './tracks/track-state.ts';
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

/**
 * Each of the gateway's processes hears by itself of pods that are ready. What takes over before has no server there for
 * its requests, and what it takes over from has none of them any more; milliseconds.
 */
const TOLD_MS = 2_000;

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
  const pods = podsPath(cluster, ref);
  let changes: ReturnType<typeof watchChanges> | undefined;
  let refusedSince: number | undefined;
  let isTold = false;
  try {
    for (;;) {
      const [declared, { items, metadata }] = await Promise.all([
        readDeclared(cluster, ref),
        cluster.client.list<StoredPod>(pods, podsQuery(ref)),
      ]);
      const { state, beside, serving } = declared;
      const candidate = candidateOf(state)?.number === number ? candidateOf(state) : undefined;
      const deployment = candidate ? beside : serving;
      if (!deployment || numberOf(deployment) !== number) return superseded(ref, number);
      const isThere = isRolledOut(deployment) && !(candidate && hasOthers(items, deployment));
      if (isThere && candidate && !isTold) {
        isTold = true;
        await sleep(TOLD_MS);
        // What was canceled or overtaken meanwhile takes nothing over.
        if (signal.reason instanceof Problem) return { state: 'progressing' };
        continue;
      }
      if (isThere && candidate && !candidate.isTrial) {
        await takeOver(cluster, ref, number, now());
        continue;
      }
      if (isThere) {
        await leadToService(cluster, ref);
        // What stood in for it until the gateway knew it goes.
        await settle(cluster, ref);
      }
      // The gateway has all the time that pods take to start.
      const unserved = isThere ? await findRouteTrouble(cluster, ref) : undefined;
      if (isThere && !unserved) return { state: 'ready' };
      const refused = deploymentTrouble(deployment);
      // What still drains makes room when it ends.
      const isFreeing = items.some((pod) => pod.metadata.deletionTimestamp);
      refusedSince = refused && !isFreeing ? (refusedSince ?? performance.now()) : undefined;
      const isRefused = refusedSince !== undefined && performance.now() - refusedSince > REFUSED_GRACE_MS;
      const failure = failureOf(deployment, items, isRefused, now(), unserved);
      if (failure) {
        const error = await explain(cluster, ref, deployment, failure);
        if (candidate) await setAside(cluster, ref, number, now());
        return { state: 'failed', error };
      }
      changes ??= watchChanges(cluster.client, [
        {
          path: collectionPath('Deployment', namespaceOf(cluster, ref)),
          query: ofService(ref),
          resourceVersion: declared.resourceVersion,
        },
        { path: pods, query: podsQuery(ref), resourceVersion: metadata.resourceVersion },
      ]);
      // Whether it stays refused is seen in one call, also in one that has no more time.
      if (signal.aborted && (refusedSince === undefined || signal.reason instanceof Problem))
        return { state: 'progressing' };
      const soon = unserved ? ROUTE_LOOK_MS : refused ? REFUSED_GRACE_MS : undefined;
      const until = signal.aborted ? [] : [signal];
      await changes.next(AbortSignal.any(soon === undefined ? until : [...until, AbortSignal.timeout(soon)]));
    }
  } finally {
    changes?.close();
  }
}

/** What was on the track before is still ending, and would get requests of the one that comes. */
const hasOthers = (pods: readonly StoredPod[], deployment: StoredDeployment): boolean =>
  pods.some(
    (pod) =>
      !pod.metadata.deletionTimestamp &&
      isOfTrack(pod, deployment) &&
      podNumber(pod) !== startedAs(deployment),
  );

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
  const number = startedAs(deployment);
  const found = pods
    .filter(
      (pod) => !pod.metadata.deletionTimestamp && isOfTrack(pod, deployment) && podNumber(pod) === number,
    )
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
  const mask = await maskOf(cluster, ref, startedAs(deployment));
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
