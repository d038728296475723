/** What services say for the alert rules about them. Figures that do not come in time are not known. */
import { setTimeout as wait } from 'node:timers/promises';
import { judgeErrorRate, judgeLatency, judgeRestarts, nextMarks } from '../../core/alerts/judge-figures.ts';
import type {
  AlertCondition,
  AlertFinding,
  AlertRule,
  Instance,
  RestartMarks,
} from '../../core/model/index.ts';
import type { RequestSample } from '../../ports/activity.ts';
import type { Ports } from '../../ports/index.ts';
import type { WorkloadStatus } from '../../ports/workloads.ts';

/** A place that does not answer by then keeps no other environment from its look, milliseconds. */
const ANSWER_MS = 5_000;
const SAMPLE_MS = 10_000;

export interface ServiceFindings {
  findings: { rule: string; finding: AlertFinding }[];
  restarts: RestartMarks | undefined;
}

/** Undefined where there is no answer, or none in time. */
async function inTime<T>(asked: Promise<T>): Promise<{ answer: T } | undefined> {
  const late = new AbortController();
  const tooLate = wait(ANSWER_MS, undefined, { signal: late.signal, ref: false });
  return Promise.race([asked.then((answer) => ({ answer })), tooLate])
    .catch(() => undefined)
    .finally(() => late.abort());
}

type Requested = Extract<AlertCondition, { kind: 'error-rate' | 'latency' }>;

const isRequested = (when: AlertCondition): when is Requested =>
  when.kind === 'error-rate' || when.kind === 'latency';

function judgeRequests(
  when: Requested,
  samples: readonly RequestSample[],
  now: number,
): Pick<AlertFinding, 'state' | 'evidence'> {
  const from = now - when.windowSeconds * 1000;
  const within = samples.filter(({ at }) => Date.parse(at) + SAMPLE_MS > from);
  return when.kind === 'error-rate' ? judgeErrorRate(when, within) : judgeLatency(when, within);
}

/** All replicas together of what serves, or should: where each of them crashes, none does. Undefined where nothing runs. */
function restartsOf(
  status: WorkloadStatus | undefined,
  current: number | undefined,
): { deployment: number; restarts: number } | undefined {
  const deployment = status?.serving ?? current;
  if (!status || deployment === undefined) return undefined;
  const serving = status.replicas.filter((replica) => replica.deployment === deployment);
  return { deployment, restarts: serving.reduce((sum, replica) => sum + replica.restarts, 0) };
}

/** @param before what is remembered of its restarts */
export async function observeService(
  { activity, workloads, effects }: Ports,
  instance: Instance,
  rules: readonly AlertRule[],
  before: RestartMarks | undefined,
): Promise<ServiceFindings> {
  const { service } = instance;
  const requested = rules.flatMap(({ name, when }) => (isRequested(when) ? [{ name, when }] : []));
  const crashing = rules.flatMap(({ name, when }) => (when.kind === 'crash-loop' ? [{ name, when }] : []));
  const longest = Math.max(0, ...requested.map(({ when }) => when.windowSeconds));
  const [samples, status] = await Promise.all([
    requested.length > 0 ? inTime(activity.requests(instance, longest)) : undefined,
    crashing.length > 0 ? inTime(workloads.status(instance)) : undefined,
  ]);
  const now = effects.now();
  const unknown = { state: 'unknown', evidence: { words: '', figures: {} } } as const;
  const found = (rule: string, judged: Pick<AlertFinding, 'state' | 'evidence'>) => ({
    rule,
    finding: { subject: service, service, ...judged },
  });
  const counted = status && restartsOf(status.answer, instance.current);
  const windowMs = Math.max(0, ...crashing.map(({ when }) => when.windowSeconds)) * 1000;
  const marks = counted ? nextMarks(before, counted, now, windowMs) : before;
  return {
    findings: [
      ...requested.map(({ name, when }) =>
        found(name, samples ? judgeRequests(when, samples.answer, now) : unknown),
      ),
      ...crashing.map(({ name, when }) => found(name, counted ? judgeRestarts(when, marks, now) : unknown)),
    ],
    restarts: marks,
  };
}
