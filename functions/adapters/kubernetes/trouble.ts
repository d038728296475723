/** What is wrong with a pod or a Deployment, in words. Pure: of their status alone. */
import type { V1ContainerStatus, V1Deployment, V1Pod, V1Probe } from '@kubernetes/client-node';
import type { ProblemCode } from '../../core/problem.ts';
import { explainRefusal } from './api/api-errors.ts';
import { FIELD_MANAGER } from './object-names.ts';

export interface Trouble {
  code: ProblemCode;
  /** Whether waiting will not help. */
  final: boolean;
  /** Such as `container "main" exited with code 3`. */
  why: string;
  hint: string;
  /** The log that has the reason; that of the life before, where this one has begun since. */
  log?: { pod: string; container: string; previous: boolean };
  /** The readiness check that does not succeed; the pod's events may say why. */
  check?: { pod: string; words: string };
  crashes?: number;
}

/** Crashes after which a rollout has failed. */
const CRASHES = 3;

const imageReasons = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull']);
/** What a registry or a network says that may answer the next time; a node asks again by itself. */
const passing =
  /: (?:429|5\d\d)\b|too many requests|time(?:d )?-?out|connection re(?:fused|set)|no such host|\bEOF\b|TLS handshake/i;
const configReasons = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);
/** The runtime could not start the program at all. */
const startReasons = new Set(['StartError', 'ContainerCannotRun']);

function containerTrouble(pod: string, status: V1ContainerStatus, isInit: boolean): Trouble | undefined {
  const container = `container "${status.name}"`;
  const { waiting } = status.state ?? {};
  if (waiting?.reason && imageReasons.has(waiting.reason)) {
    return {
      code: 'image_unavailable',
      final: waiting.reason !== 'ErrImagePull' && !passing.test(waiting.message ?? ''),
      why: `the image of ${container} can not be pulled: ${waiting.message ?? waiting.reason}`,
      hint: 'Check that the image is still in the registry and that the cluster may read it.',
    };
  }
  const ended = status.state?.terminated ?? status.lastState?.terminated;
  if (ended && (ended.exitCode !== 0 || !isInit)) {
    const cannotStart = startReasons.has(ended.reason ?? '') && ended.message;
    // A container that has ended counts as a crash also before it is started again, which the kubelet puts off.
    const isDown = status.state?.terminated !== undefined || waiting?.reason === 'CrashLoopBackOff';
    const crashes = status.restartCount + (isDown ? 1 : 0);
    return {
      code: 'workload_crashed',
      final: crashes >= CRASHES || Boolean(cannotStart && crashes >= 2),
      why: `${container} ${cannotStart ? `could not be started: ${ended.message}` : exitWords(ended)}`,
      hint: cannotStart
        ? 'Correct `command` in the Score file, or the entrypoint of the image, then deploy again.'
        : exitHint(ended),
      log: { pod, container: status.name, previous: !status.state?.terminated },
      crashes,
    };
  }
  if (waiting?.reason && configReasons.has(waiting.reason)) {
    return {
      code: 'workload_not_ready',
      final: false,
      why: `${container} can not be made: ${waiting.message ?? waiting.reason}`,
      hint: 'Correct what the cause names, then deploy again.',
    };
  }
  return undefined;
}

type Ended = NonNullable<NonNullable<V1ContainerStatus['state']>['terminated']>;

function exitWords({ exitCode, reason, signal }: Ended): string {
  if (reason === 'OOMKilled') return 'was ended because it used more memory than its limit';
  if (exitCode === 0) return 'exited with code 0, but a service has to keep running';
  return signal ? `was ended by signal ${signal}` : `exited with code ${exitCode}`;
}

function exitHint({ exitCode, reason }: Ended): string {
  if (reason === 'OOMKilled')
    return 'Raise resources.limits.memory in the Score file, or use less, then deploy again.';
  return exitCode === 0
    ? 'Keep the process in the foreground; for work that ends, use the berth.dev/release-command annotation.'
    : 'Fix what its last lines of output say, then deploy again; the log has all of it.';
}

/** The worst that is wrong with a pod; undefined if nothing is. */
export function podTrouble(pod: V1Pod): Trouble | undefined {
  const name = pod.metadata?.name ?? '';
  const { status } = pod;
  const init = (status?.initContainerStatuses ?? []).map((each) => containerTrouble(name, each, true));
  const main = (status?.containerStatuses ?? []).map((each) => containerTrouble(name, each, false));
  const found = [...init, ...main].filter((trouble) => trouble !== undefined);
  const worst = found.find(({ final }) => final) ?? found[0];
  if (worst) return worst;
  const condition = (type: string) => status?.conditions?.find((each) => each.type === type);
  const scheduled = condition('PodScheduled');
  if (scheduled?.status === 'False') {
    return {
      code: 'workload_not_ready',
      final: false,
      why: `no node has room for it: ${scheduled.message ?? scheduled.reason ?? 'unschedulable'}`,
      hint: 'Ask for less processor time or memory, or have the platform team add nodes.',
    };
  }
  const ready = condition('Ready');
  if (ready?.status === 'True') return undefined;
  const told = status?.containerStatuses ?? [];
  const unready = told.find(({ ready }) => !ready);
  // Nobody but the node itself takes back that its containers are ready; that the pod is, the cluster does.
  if (ready && told.length > 0 && !unready && ready.reason !== 'ReadinessGatesNotReady')
    return {
      code: 'workload_not_ready',
      final: false,
      why: 'its node does not answer any more',
      hint: 'It is replaced on another node where one has room; have the platform team look at the nodes.',
    };
  const checked = pod.spec?.containers.find(
    ({ name, readinessProbe }) => readinessProbe && (!unready || name === unready.name),
  );
  const check = probeWords(checked?.readinessProbe);
  return {
    code: 'workload_not_ready',
    final: false,
    why: unready ? `container "${unready.name}" runs, but is not ready` : 'its containers have not started',
    hint: 'Make the check that the cause names succeed, or raise the progress deadline, then deploy again.',
    ...(unready && { log: { pod: name, container: unready.name, previous: false } }),
    check: { pod: name, words: check ?? 'its check' },
  };
}

function probeWords(probe: V1Probe | undefined): string | undefined {
  if (probe?.httpGet) return `its check GET ${probe.httpGet.path} on port ${probe.httpGet.port}`;
  if (probe?.tcpSocket) return `the check that something listens on port ${probe.tcpSocket.port}`;
  return probe?.exec ? `its check ${JSON.stringify(probe.exec.command?.join(' '))}` : undefined;
}

/** What the kubelet says of a probe that fails, for the people whose program it is. */
export function probeMessage(message: string, check: string): { why: string; hint?: string } {
  const refused = /dial tcp \S+?:(\d+): (?:connect: connection refused|i\/o timeout)/.exec(message);
  if (refused) {
    return {
      why: `nothing listens on port ${refused[1]}, the one that $PORT names`,
      hint: 'Listen on the port that the variable PORT names, on all interfaces, then deploy again.',
    };
  }
  const status = /HTTP probe failed with statuscode: (\d+)/.exec(message);
  return {
    why: status ? `${check} was answered with status ${status[1]}` : `${check} failed: ${message.trim()}`,
  };
}

/** Why pods can not even be made; undefined if they can. */
export function deploymentTrouble(deployment: V1Deployment): Trouble | undefined {
  if (!isObserved(deployment)) return undefined;
  const failure = deployment.status?.conditions?.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  );
  if (!failure) return undefined;
  const known = explainRefusal(failure.message ?? '');
  return {
    code: 'workload_not_ready',
    final: true,
    why: known?.why ?? `its pods can not be made: ${failure.message ?? failure.reason}`,
    hint: known?.hint ?? 'Correct what the cause names, then deploy again.',
  };
}

/** Beyond the deadline, for clocks that differ and a controller that is busy. */
const OVERDUE_MS = 15_000;

const isObserved = ({ metadata, status }: V1Deployment): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);

/**
 * Whether the rollout has had its time. A condition from before the last apply says nothing of this one, and the
 * controller may keep it for as long as nothing moves: then the time itself counts.
 * @param now epoch milliseconds
 */
export function pastDeadline(deployment: V1Deployment, now: number): boolean {
  const { metadata, spec, status } = deployment;
  const applied = metadata?.managedFields?.find(
    ({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply',
  )?.time;
  const since = applied ? new Date(applied).getTime() : 0;
  const condition = status?.conditions?.find(({ type }) => type === 'Progressing');
  if (condition?.reason === 'ProgressDeadlineExceeded' && isObserved(deployment)) {
    const at = condition.lastUpdateTime ? new Date(condition.lastUpdateTime).getTime() : now;
    if (at > since) return true;
  }
  return since > 0 && now > since + (spec?.progressDeadlineSeconds ?? 600) * 1000 + OVERDUE_MS;
}

/** Whether all replicas that are asked for are of the newest kind, can be used, and no other is left. */
export function isRolledOut(deployment: V1Deployment): boolean {
  if (!isObserved(deployment)) return false;
  const { spec, status } = deployment;
  const wanted = spec?.replicas ?? 1;
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status ?? {};
  return updatedReplicas >= wanted && replicas === updatedReplicas && availableReplicas >= updatedReplicas;
}
