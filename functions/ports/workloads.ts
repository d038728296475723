/** Runs workloads: processes on one machine, pods on a cluster. */
import type { Readable, Writable } from 'node:stream';
import type { EnvironmentRef, InstanceRef } from '../core/model/index.ts';
import type { ProblemDetail } from '../core/problem.ts';
import type { ScoreWorkload } from '../core/score/workload.ts';
import type { LogLine } from './logs.ts';

/**
 * A workload with everything resolved. It holds secret values: never store or log it. Its `processes` are containers that run
 * apart: what leads calls to places gives an adapter a spec for each, so that an adapter meets none.
 */
export interface WorkloadSpec extends InstanceRef {
  /** The deployment whose content this is. */
  number: number;
  /**
   * The newest deployment number that the caller knows of; at least `number`, more when an earlier deployment
   * is put back. An apply with a lower fence than an earlier one is refused (I5).
   */
  fence: number;
  operation: string;
  /** It is a process of this service, and has the images of that. */
  processOf?: string;
  containers: ContainerSpec[];
  /** Values of secrets that are somewhere in it, such as in a file: masked wherever its output is shown. */
  secrets?: string[];
  ports: ServicePort[];
  /** Hosts and paths beside the default URL. */
  routes: Route[];
  replicas: number;
  /** How far an adapter that can scale by load may go; `replicas` where absent. */
  maxReplicas?: number;
  /**
   * `recreate` stops the old replicas first, for programs of which two must not run at once. `rolling` where absent.
   */
  strategy?: 'rolling' | 'recreate';
  /** A client is kept by a cookie with the replica that answered it first, as long as that takes requests. */
  affinity?: 'cookie';
  /** How long the rollout may take, seconds. */
  progressDeadlineSeconds: number;
  /**
   * How long a new version has to stay ready before what served is retired, seconds; less than the progress deadline.
   * Where nothing served, an adapter may do without.
   */
  minReadySeconds: number;
  /** How long requests in flight keep a replica that is replaced or stopped, seconds. */
  drainSeconds: number;
  /**
   * It is tried beside what serves: once ready it has the share of requests that `share` gives it, until `promote`.
   * Where nothing serves, it serves as soon as it is ready.
   */
  trial?: true;
  /** How long what it takes the place of stays ready, to take it back at once, seconds; 0 where absent. */
  warmSeconds?: number;
  /** How long it stays without requests after it has failed, to be looked at, seconds; 0 where absent. */
  keepFailedSeconds?: number;
  /** What is still warm may take its place at once, where that is the same in all but its number. */
  reuse?: true;
}

export interface ContainerSpec {
  name: string;
  /** Digest (`sha256:...`) of an image of this service in the Registry. */
  digest: string;
  /** Replaces the image's entrypoint. `$(VAR)` expands as Kubernetes does. */
  command?: string[];
  /** Replaces the image's arguments. */
  args?: string[];
  variables: Variable[];
  files: FileSpec[];
  volumes: VolumeMount[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  limits: Compute;
  requests: Compute;
  /** Containers that this one must come before, and how far it has to be. */
  before: Record<string, 'started' | 'healthy' | 'complete'>;
}

export interface Variable {
  name: string;
  value: string;
  /** Masked wherever the workload's output is shown. */
  sensitive: boolean;
}

export interface FileSpec {
  /** Absolute path in the container. */
  target: string;
  content: Uint8Array;
  /** Permission bits, such as 0o600. */
  mode: number;
}

export interface VolumeMount {
  /** Output `source` of a volume resource. */
  source: string;
  /** Absolute path in the container. */
  target: string;
  /** Path inside the volume, relative. */
  path?: string;
  readOnly: boolean;
}

export interface Probe {
  httpGet?: {
    path: string;
    port: number;
    scheme: 'HTTP' | 'HTTPS';
    host?: string;
    headers: { name: string; value: string }[];
  };
  exec?: { command: string[] };
}

export interface ServicePort {
  name: string;
  port: number;
  targetPort: number;
  protocol: 'TCP' | 'UDP';
}

export interface Route {
  host: string;
  /** Prefix, starts with a slash. */
  path: string;
  /** A service port's `port`. */
  port: number;
}

export interface Compute {
  /** Whole and fractional cores. */
  cpu?: number;
  memoryBytes?: number;
}

export type Rollout =
  | { state: 'ready' }
  | { state: 'failed'; error: ProblemDetail }
  /** Still going when the deadline came: ask again. */
  | { state: 'progressing' };

export interface ReplicaStatus {
  /** Stable while it runs: a process id, a pod's name. */
  id: string;
  deployment: number;
  state: 'starting' | 'running' | 'ready' | 'restarting' | 'stopping' | 'stopped';
  restarts: number;
  startedAt?: string;
  /** Why it is not ready, in words. */
  reason?: string;
  /** The process that it is of; absent for the web. */
  process?: string;
}

export interface WorkloadStatus {
  /** The deployment that receives traffic. */
  serving?: number;
  desiredReplicas: number;
  readyReplicas: number;
  replicas: ReplicaStatus[];
  /** What runs beside the web, which the counts above are of; absent where there is nothing. No adapter gives it. */
  processes?: Record<string, { desiredReplicas: number; readyReplicas: number }>;
  /** What is tried beside what serves. */
  candidate?: CandidateStatus;
  /** What stays beside what serves and gets no requests. */
  standby?: StandbyStatus;
}

export interface CandidateStatus {
  deployment: number;
  /** So many of a hundred requests are given to it. */
  percent: number;
  desiredReplicas: number;
  readyReplicas: number;
  restarts: number;
  /** Why it is not ready, in words. */
  reason?: string;
}

export interface StandbyStatus {
  deployment: number;
  /** `warm`: it served before, and can take its place back. `failed`: it is kept to be looked at. */
  why: 'warm' | 'failed';
  /** It is to end at this time; ISO 8601. */
  until: string;
  replicas: number;
}

/** A deployment that is tried, and the fence, as in WorkloadSpec. */
export interface CandidateRef extends InstanceRef {
  number: number;
  fence: number;
}

/** Serving two deployments of a workload side by side. */
export interface Tracks {
  /**
   * Gives a candidate so many of a hundred requests, 0 to 100, and what serves the others.
   * @throws Problem fenced | conflict (it is not the candidate)
   */
  share(candidate: CandidateRef, percent: number): Promise<void>;
  /**
   * Makes a candidate what serves; what served stays warm for as long as the candidate's spec says. Idempotent.
   * @throws Problem fenced | conflict (it is not the candidate)
   */
  promote(candidate: CandidateRef): Promise<void>;
  /**
   * Takes a candidate that failed out of the traffic, and keeps it for as long as its spec says. Nothing happens where it
   * is not the candidate any more.
   * @throws Problem fenced
   */
  setAside(candidate: CandidateRef): Promise<void>;
  /**
   * Ends what stays beside what serves and gets no requests; idempotent. The place ends nothing of it by itself: at its
   * time the sweep does.
   * @param dueBy only if its time has come by then; epoch milliseconds
   */
  endStandby(instance: InstanceRef, dueBy?: number): Promise<void>;
  /**
   * Asks a replica of a deployment for a path, whatever share of requests it has, and reads no more than the status.
   * @param path starts with a slash
   * @throws Problem conflict where none is ready
   */
  ask(
    instance: InstanceRef,
    number: number,
    path: string,
    signal: AbortSignal,
  ): Promise<{ status: number } | { fault: string }>;
}

/** One sample; rates are over the time since the sample before. */
export interface MetricSample {
  at: string;
  /** Cores in use, all replicas together. */
  cpu: number;
  memoryBytes: number;
}

/** A container has ended that should run on, and is started again. Adapters that see it happen tell of it. */
export interface WorkloadCrash extends InstanceRef {
  deployment: number;
  container: string;
  /** Such as "exited with code 1 0.2 s after its start", masked. */
  why: string;
}

export interface ReleaseResult {
  exitCode: number;
  /** Last lines of its output, masked. */
  tail: string[];
}

/** A command that runs once because somebody, or a schedule, asked for it. */
export interface CommandRun {
  /** Words; they expand as those of a container do. */
  command: string[];
  /** After this time, and a little more, a place that outlives Berth ends the command by itself, seconds. */
  timeoutSeconds: number;
  /** Whose image, variables and files it has; the web's without it. No adapter is given it. */
  process?: string;
  /** It was asked for before: what the place does not know of any more is not begun a second time. */
  again: boolean;
  /** Of a command that is joined: lines from this time on are wanted; ISO 8601. */
  since?: string;
  /** Messages of the lines at that time which have come already. */
  known?: readonly string[];
  /** Takes the output as it comes, masked. */
  onLine(line: LogLine): void;
}

/** What is started beside a replica. */
export interface ExecRequest {
  /** Words; on one machine they expand as those of a container do. */
  command: string[];
  /** A terminal is asked for; where there can be none it has pipes. */
  tty: boolean;
  /** Beside a replica of which process; of the web without it. No adapter is given it. */
  process?: string;
}

/** A program beside those that run, which somebody types to. */
export interface ExecSession {
  /** Whether it has a terminal. */
  tty: boolean;
  stdin: Writable;
  stdout: Readable;
  /** Empty where it has a terminal. */
  stderr: Readable;
  /** Settles at its end; never rejects. */
  ended: Promise<{ exitCode: number }>;
  /** Of its terminal. */
  resize?(columns: number, rows: number): void;
  /** Ends it, with all that it started; idempotent. */
  close(): void;
}

/** What the way to a service does to requests on purpose, for a time. */
export interface Disturbance extends InstanceRef {
  /** From now on, milliseconds. After it requests pass as ever. */
  forMs: number;
  /** So many of a hundred requests wait for so long first. */
  delay?: { percent: number; ms: number };
  /** So many of a hundred requests are answered with 503 instead. */
  abort?: { percent: number };
}

export interface Workloads {
  /**
   * Makes the place for an environment's workloads (a namespace, a directory); idempotent. Of an environment with an id,
   * the place is for that one: whoever names another id (of an environment that had the name before) is refused there.
   * @throws Problem environment_gone where a later environment of the name has the place
   */
  ensureEnvironment(environment: EnvironmentRef, owner: { operation: string }): Promise<void>;
  /**
   * Stops and removes all in it, and the place itself; idempotent. After it, `apply` is refused. What is a later
   * environment's stays.
   */
  removeEnvironment(environment: EnvironmentRef): Promise<void>;
  /** Names of what is left of an environment: processes, directories, objects. Empty when all is gone. */
  inventory(environment: EnvironmentRef): Promise<string[]>;
  /**
   * Declares what shall run; returns once that is accepted, not when it is ready. What serves goes on serving
   * until the new one is ready (I6). Applying the number that already serves ends any rollout, and any trial, and keeps
   * it. Nothing else stays beside what serves once another number is applied.
   * @throws Problem fenced | environment_gone | image_unavailable | invalid_score | invalid_resource |
   * workload_not_ready (a cluster refuses it) | storage_full | unavailable
   */
  apply(spec: WorkloadSpec): Promise<void>;
  /** Waits, without polling by the caller, until a deployment serves, has failed, or the signal aborts. */
  awaitRollout(instance: InstanceRef, number: number, signal: AbortSignal): Promise<Rollout>;
  /**
   * Runs a command once, with the image, variables, files and volumes of the first container. Output goes to the log.
   * @returns undefined where the signal aborts with a TransientError before the end, and a second call joins the command:
   * it goes on until then, or until `endCommand`. Any other abort ends it
   * @throws Problem as `apply` does, and release_failed where the command can not be run at all
   */
  runRelease(spec: WorkloadSpec, command: string[], signal: AbortSignal): Promise<ReleaseResult | undefined>;
  /**
   * Runs a command once, as a release command, and waits for its end. A second call with the spec's `operation` joins
   * the first: the command runs once.
   * @returns undefined when the signal aborts first; the command goes on, until `endCommand`
   * @throws Problem as `apply` does, run_failed where the command can not be run at all, and run_interrupted where it
   * was ended before its end, or is not known any more; not_found where the spec has no such process
   */
  runCommand(
    spec: WorkloadSpec,
    run: CommandRun,
    signal: AbortSignal,
  ): Promise<{ exitCode: number } | undefined>;
  /**
   * Starts a program beside a replica that is ready, in its first container, with its variables and files. It ends with
   * the replica. Absent where Berth can hold no connection to it.
   * @throws Problem conflict where no replica is ready
   */
  exec?(instance: InstanceRef, request: ExecRequest): Promise<ExecSession>;
  /**
   * Ends a command, and removes what is left of it; idempotent.
   * @param operation of the spec that it was run with
   * @param process that it was run with
   */
  endCommand(instance: InstanceRef, operation: string, process?: string): Promise<void>;
  /**
   * 0 stops the workload and keeps what it was, and is fine where there is none; the declared number brings it back.
   * @param fence as in WorkloadSpec
   * @param process is meant alone; without it the web is, and with 0 all processes of the instance with it
   * @throws Problem fenced | not_found where more than 0 are asked for, and nothing of it was applied
   */
  scale(instance: InstanceRef, replicas: number, fence: number, process?: string): Promise<void>;
  /**
   * Stops and removes a service's workload, with the processes of the instance; idempotent.
   * @param fence as in WorkloadSpec
   * @param process is meant alone
   */
  remove(instance: InstanceRef, fence: number, process?: string): Promise<void>;
  status(instance: InstanceRef): Promise<WorkloadStatus | undefined>;
  /**
   * Ends a replica without a warning, as a crash does; the place starts it, or another one, again.
   * @param replica an id that `status` gave; one that is not there any more is passed over
   */
  kill(instance: InstanceRef, replica: string): Promise<void>;
  /** Absent where two deployments of a workload can not be served side by side: `trial` and `warmSeconds` change nothing there. */
  tracks?: Tracks;
  /** Whether clients are kept with a replica where a spec asks for it; where absent, `affinity` changes nothing. */
  keepsClients?: true;
  /**
   * Disturbs requests from the outside, in place of what disturbed them before; with neither delay nor abort nothing
   * does. Whatever happens to Berth, it ends by its time. Absent where requests do not pass Berth.
   */
  disturb?(disturbance: Disturbance): void;
  /**
   * Samples of the last `windowSeconds`, oldest first.
   * @throws Problem unavailable where nothing can be measured
   */
  metrics(instance: InstanceRef, windowSeconds: number): Promise<MetricSample[]>;
  /** The URL people use. */
  url(instance: InstanceRef): Promise<string>;
  /** The host that a dns resource names; unique in the environment. */
  host(environment: EnvironmentRef, label: string): Promise<string>;
  /**
   * Where another workload in the environment reaches a service port.
   * @throws Problem environment_gone | invalid_resource (a port that others can not reach)
   */
  endpoint(instance: InstanceRef, port: ServicePort): Promise<{ hostname: string; port: number }>;
  /** Makes a volume, idempotent; resolves to the `source` for mounts. */
  ensureVolume(environment: EnvironmentRef, name: string, sizeBytes: number): Promise<string>;
  removeVolume(environment: EnvironmentRef, name: string): Promise<void>;
  /**
   * What a workload will not find here as its Score file says, a sentence each, with what helps. Absent where there is
   * nothing of the kind.
   * @param workingDir the image's
   */
  warnings?(workload: ScoreWorkload, workingDir: string): string[];
  /**
   * Whether the place can be asked at all, and has what ran there before; the answer may be a few seconds old. Absent
   * where both are always so.
   * @returns `starting` while it brings workloads back; `incomplete` where it could not bring back all of them
   * @throws Problem unavailable where it can not be asked
   */
  check?(): Promise<'complete' | 'starting' | 'incomplete'>;
  close(): Promise<void>;
}
