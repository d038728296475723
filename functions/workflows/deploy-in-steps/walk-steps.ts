/** The step of the workflow `deploy-in-steps` that walks the stages of a rollout. */
import { type Rollout, readCounts, rolloutOf } from '../../commands/deployments/rollouts.ts';
import { deploymentKey, deploymentsPartition } from '../../core/keys.ts';
import type {
  Deployment,
  DeploymentDetail,
  Operation,
  RolloutSeen,
  RolloutState,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { type Decision, decide } from '../../core/rollout/decide-rollout.ts';
import {
  countsSince,
  keepCounts,
  keptCounts,
  noCounts,
  type RequestCounts,
} from '../../core/rollout/request-counts.ts';
import type { Verdict } from '../../core/rollout/verdict.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import type { Ports } from '../../ports/index.ts';
import { type Item, StoreConflict } from '../../ports/store.ts';
import type { CandidateStatus } from '../../ports/workloads.ts';
import { commit } from '../../records/commit.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { workloadSpec } from '../../resources/score/workload-spec.ts';
import { untilReady } from '../deploy/until-ready.ts';
import { type Step, type StepContext, StillProgressing } from '../step.ts';
import { createProbes, type Probes } from './probes.ts';

type InSteps = Operation<'deploy-in-steps'>;

/** Between two looks, milliseconds; what people ask for is seen at once where the store tells of changes. */
const LOOK_MS = 1_000;
/** What counts as lately, milliseconds. */
const RECENT_MS = 15_000;

/**
 * Walks through the stages until the version serves. Whatever stops it takes the version out of the traffic first, and
 * never touches what serves. When a call has waited for long enough it hands over to the next, which goes on in the stage
 * that is recorded, with what was seen.
 */
export const walkSteps: Step<InSteps> = {
  role: 'work',
  watched: true,
  async run(context) {
    await walk(context);
    await startProcesses(context);
  },
};

/** Its processes take over from those before once it serves, unless it was canceled or overtaken. */
async function startProcesses({ ports, operation, signal }: StepContext<InSteps>): Promise<void> {
  if (!operation.processes || signal.reason instanceof Problem) return;
  const { data } = await getDeploymentDetail(ports.store, operation, operation.number);
  await ports.workloads.apply(await workloadSpec(ports, data, data.number));
  await untilReady(ports, operation, operation.number, signal);
}

async function walk({ ports, operation, signal }: StepContext<InSteps>): Promise<void> {
  const { tracks } = ports.workloads;
  // Where no two can be served side by side, it serves by now.
  if (!tracks) return;
  const candidate = { ...operation, fence: operation.number };
  const ends = new AbortController();
  let memory: Memory | undefined;
  let probes: Probes | undefined;
  let seen: Seen | undefined;
  try {
    // However little time a call has, it looks once.
    while (!(signal.reason instanceof Problem)) {
      const item = await getDeploymentDetail(ports.store, operation, operation.number);
      const rollout = rolloutOf(item.data);
      const status = await ports.workloads.status(operation);
      if (status?.serving === operation.number) return;
      const tried = requireCandidate(status?.candidate, operation.number);
      if (rollout.state.since === undefined) {
        await enter(ports, item, rollout, 0, status?.serving);
        if (signal.aborted) break;
        continue;
      }
      const percent = rollout.plan.stages[rollout.state.stage]?.percent ?? 100;
      if (tried.percent !== percent) await tracks.share(candidate, percent);
      memory ??= createMemory(ports, rollout.state);
      probes ??= createProbes(ports, tracks, item.data, rollout.plan, ends.signal);
      const decision = await look(ports, item.data, rollout, tried, status?.serving, memory, probes);
      seen = { item, memory, probes };
      if (decision.do === 'abort') {
        await tracks.setAside(candidate);
        await keepVerdict(ports, item, decision.verdict);
        const { code, cause, hint } = decision.error;
        throw new Problem(code, cause, { hint });
      }
      if (decision.do === 'promote') {
        await tracks.promote(candidate);
        await keepVerdict(ports, item, decision.verdict);
        return;
      }
      if (decision.do === 'next') {
        seen = undefined;
        await enter(ports, item, rollout, rollout.state.stage + 1, status?.serving, decision.verdict);
        continue;
      }
      if (decision.why === 'checks') probes.atEnd(rollout.state.stage, percent, decision.verdict);
      if (signal.aborted) break;
      await ports.store.changed(deploymentsPartition(operation), { timeoutMs: LOOK_MS, signal });
    }
    if (seen && signal.reason instanceof StillProgressing) await keepSeen(ports, seen);
  } finally {
    ends.abort(new StillProgressing());
  }
  if (!(signal.reason instanceof Problem)) throw new StillProgressing();
  // It was canceled, or overtaken: the compensation removes it, and until then nobody meets it.
  await tracks.share(candidate, 0).catch(() => undefined);
}

function requireCandidate(candidate: CandidateStatus | undefined, number: number): CandidateStatus {
  if (candidate?.deployment === number) return candidate;
  throw new Problem(
    'workload_not_ready',
    `Deployment ${number} is not there any more: it ended while it was tried.`,
    {
      hint: 'Read its log, then deploy it again.',
    },
  );
}

async function look(
  ports: Ports,
  deployment: DeploymentDetail,
  rollout: Rollout,
  tried: CandidateStatus,
  serving: number | undefined,
  memory: Memory,
  probes: Probes,
): Promise<Decision> {
  const { plan, state } = rollout;
  const counts = await readCounts(ports, deployment, rollout, serving);
  const { progressDeadlineSeconds } = workloadSettings(deployment.workload);
  return decide({
    now: ports.effects.now(),
    plan,
    stage: state.stage,
    since: Date.parse(state.since ?? ''),
    isPaused: state.pausedAt !== undefined,
    ...(state.asked && { asked: state.asked }),
    candidate: {
      ready: tried.readyReplicas,
      desired: tried.desiredReplicas,
      deadlineMs: progressDeadlineSeconds * 1000,
      ...(tried.reason !== undefined && { reason: tried.reason }),
      ...memory.ofReplicas(tried),
    },
    counts: { ...counts, recent: memory.recent(state.stage, counts.candidate) },
    probes: probes.of(state.stage),
  });
}

interface Memory {
  ofReplicas(tried: CandidateStatus): { restarts: number; unreadyMs: number };
  /** What came lately, of the counts of a stage. */
  recent(stage: number, counts: RequestCounts): RequestCounts;
  seen(): Omit<RolloutSeen, 'probes'> | undefined;
}

interface Seen {
  item: Item<DeploymentDetail>;
  memory: Memory;
  probes: Probes;
}

/** Leaves what was seen to the next call, as far as nobody has changed the rollout meanwhile. */
async function keepSeen(ports: Ports, { item, memory, probes }: Seen): Promise<void> {
  const { rollout } = item.data;
  const seen = memory.seen();
  if (!rollout || !seen) return;
  const ended = (await probes.settled(rollout.stage)).filter(({ state }) => state !== 'pending');
  await unlessChanged(
    ports.store.transact([written(item, { ...rollout, seen: { ...seen, probes: ended } })]),
  );
}

/** What is only seen while one looks; the next call begins with what this one leaves to it. */
function createMemory({ effects }: Ports, { stage, seen }: RolloutState): Memory {
  let restartsBefore = seen?.restarts;
  let unreadySince = seen?.unreadySince;
  let looks: { at: number; stage: number; counts: RequestCounts }[] = seen
    ? [{ at: seen.at, stage, counts: keptCounts(seen.counts) }]
    : [];
  return {
    seen() {
      const last = looks.at(-1);
      if (!last || restartsBefore === undefined) return undefined;
      return {
        at: last.at,
        restarts: restartsBefore,
        ...(unreadySince !== undefined && { unreadySince }),
        counts: keepCounts(last.counts),
      };
    },
    ofReplicas({ restarts, readyReplicas, desiredReplicas }) {
      const now = effects.now();
      restartsBefore ??= restarts;
      unreadySince = readyReplicas >= desiredReplicas ? undefined : (unreadySince ?? now);
      return {
        restarts: Math.max(0, restarts - restartsBefore),
        unreadyMs: unreadySince === undefined ? 0 : now - unreadySince,
      };
    },
    recent(stage, counts) {
      const now = effects.now();
      looks = looks.filter((each) => each.stage === stage);
      // The newest that is old enough, and those after it.
      const old = looks.findLastIndex(({ at }) => at <= now - RECENT_MS);
      looks = looks.slice(Math.max(0, old));
      looks.push({ at: now, stage, counts });
      return countsSince(counts, looks[0]?.counts ?? noCounts());
    },
  };
}

/** Records that a stage begins, before requests are shared so. What changed meanwhile is looked at anew. */
async function enter(
  ports: Ports,
  item: Item<DeploymentDetail>,
  { plan, state }: Rollout,
  stage: number,
  serving: number | undefined,
  verdict?: Verdict,
): Promise<void> {
  const { project, environment, service, number, operation, createdBy } = item.data;
  const counts = await ports.activity.counts(item.data);
  const of = (one: number | undefined) => keepCounts((one !== undefined && counts.get(one)) || noCounts());
  const rollout: RolloutState = {
    ...(state.pausedAt !== undefined && { pausedAt: state.pausedAt }),
    // Whoever asked for the next stage before the first one had begun has not been heard yet.
    ...(state.asked && (state.asked === 'promote' || state.since === undefined) && { asked: state.asked }),
    stage,
    since: new Date(ports.effects.now()).toISOString(),
    before: { candidate: of(number), stable: state.before?.stable ?? of(serving) },
    ...(verdict && { verdict }),
  };
  const percent = plan.stages[stage]?.percent ?? 100;
  const events = [
    {
      project,
      environment,
      service,
      operation,
      type: 'deployment.shifted' as const,
      data: { number, percent, ...(verdict && verdict.words !== '' && { verdict: verdict.words }) },
    },
  ];
  await unlessChanged(commit(ports, { actor: createdBy }, { writes: [written(item, rollout)], events }));
}

const keepVerdict = (ports: Ports, item: Item<DeploymentDetail>, verdict: Verdict): Promise<void> =>
  unlessChanged(
    ports.store.transact([
      written(item, { ...item.data.rollout, stage: item.data.rollout?.stage ?? 0, verdict }),
    ]),
  );

function written({ data, version }: Item<DeploymentDetail>, rollout: RolloutState) {
  const { workload: _ofVersion, ...deployment } = data;
  const put = { ...deploymentKey(data, data.number), data: { ...deployment, rollout } satisfies Deployment };
  return { put, if: { version } };
}

async function unlessChanged(write: Promise<void>): Promise<void> {
  await write.catch((error: unknown) => {
    if (!(error instanceof StoreConflict)) throw error;
  });
}
