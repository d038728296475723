/** Resumes at a start what the last run left: workloads are declared again, and unfinished operations go on. */
import { availableParallelism } from 'node:os';
import { ENVIRONMENT_PREFIX, environmentKey, PROJECTS, projectPartition } from '../../../core/keys.ts';
import type { Environment, Instance, InstanceRef, Project } from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import type { Ports } from '../../../ports/index.ts';
import type { WorkloadStatus } from '../../../ports/workloads.ts';
import { readAll } from '../../../records/read-all.ts';
import { startable, startInstance } from '../../../workflows/environment-state.ts';
import type { LocalLog } from '../terminal-log.ts';

export interface Resumable extends Omit<Ports, 'workflows' | 'databases'> {
  workflows: Ports['workflows'] & { resume(): Promise<number> };
  databases: Ports['databases'] & { resume(): Promise<void> };
}

export interface Resuming {
  /** Someone asks for a workload, or for all of an environment: it comes up before those that nobody has asked for. */
  prefer(asked: Pick<InstanceRef, 'project' | 'environment'> & { service?: string }): void;
  /**
   * Declares workloads again, then lets operations run: none of them changes a workload that is still to be declared
   * as it was. Never rejects: a workload that can not be brought back is logged, and the rest goes on.
   */
  run(ports: Resumable, log: LocalLog): Promise<void>;
  /** `incomplete` where a workload could not be declared: those that may yet be are tried again. */
  standing(): 'starting' | 'complete' | 'incomplete';
  /** Tries nothing again any more. */
  close(): void;
}

/** How long a workload that was declared keeps others from their turn while it starts, milliseconds. */
const START_MS = 1000;
/** What could not be brought back is tried again after this time, milliseconds. */
const AGAIN_MS = 5000;

/** What only time, or room on the disk, can change: any other reason stays. */
const mayPass = (error: unknown): boolean => !(error instanceof Problem) || error.status >= 500;

/** @param options.atOnce how many start at the same time */
export function createResuming(
  options: { atOnce?: number; startMs?: number; againMs?: number } = {},
): Resuming {
  const { atOnce = 2 * availableParallelism(), startMs = START_MS, againMs = AGAIN_MS } = options;
  let waiting: Instance[] = [];
  let failed: Instance[] = [];
  let isForGood = false;
  const timers = new Set<NodeJS.Timeout>();
  let standing: ReturnType<Resuming['standing']> = 'starting';

  async function bringUp(ports: Resumable, log: LocalLog): Promise<void> {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const instance = next;
      try {
        const started = await startInstance(ports, instance);
        await ports.workloads.awaitRollout(started, started.current ?? 0, AbortSignal.timeout(startMs));
      } catch (error) {
        standing = 'incomplete';
        if (mayPass(error)) failed.push(instance);
        else isForGood = true;
        const { project, environment, service } = instance;
        log.error(`Service ${service} of ${project}/${environment} did not come up`, error);
      }
    }
  }

  function again(work: () => Promise<void>): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work().catch(() => again(work));
    }, againMs);
    timer.unref();
    timers.add(timer);
  }

  /** Declares what failed before, where nothing else has done so. @throws when something is left to be tried */
  async function tryFailed(ports: Resumable): Promise<void> {
    const left: Instance[] = [];
    for (const instance of failed)
      await bringBack(ports, instance).catch((error: unknown) => {
        if (mayPass(error)) left.push(instance);
        else isForGood = true;
      });
    failed = left;
    if (left.length > 0) throw new Error('Some did not come up');
    if (!isForGood) standing = 'complete';
  }

  return {
    prefer({ project, environment, service }) {
      const asked = (one: Instance): boolean =>
        one.project === project &&
        one.environment === environment &&
        (service === undefined || one.service === service);
      const first = waiting.filter(asked);
      if (first.length > 0) waiting = [...first, ...waiting.filter((one) => !asked(one))];
    },
    async run(ports, log) {
      const databases = (): Promise<void> => ports.databases.resume();
      await databases().catch((error: unknown) => {
        log.error('The database server did not come up', error);
        again(databases);
      });
      try {
        waiting = await lastAskedFirst(ports, await awake(ports));
        await Promise.all(Array.from({ length: Math.max(1, atOnce) }, () => bringUp(ports, log)));
      } catch (error) {
        standing = 'incomplete';
        log.error('Workloads did not come up', error);
      }
      if (standing === 'starting') standing = 'complete';
      await ports.workflows.resume();
      if (failed.length > 0) again(() => tryFailed(ports));
    },
    standing: () => standing,
    close() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** Operations go on by now: what they have done to a workload stays. */
async function bringBack(ports: Resumable, { project, environment, service }: Instance): Promise<void> {
  const ref = { project, environment };
  const present = async (): Promise<Instance | undefined> => {
    const item = await ports.store.get<Environment>(environmentKey(ref));
    if (item?.data.state !== 'ready') return undefined;
    return startable(item.data).find((one) => one.service === service);
  };
  const instance = await present();
  if (!instance || isThere(instance, await ports.workloads.status(instance))) return;
  await startInstance(ports, instance);
  // Its environment may have gone to sleep, or someone may have stopped it, while it was declared.
  if (!(await present())) await ports.workloads.scale(instance, 0, instance.newest);
}

/** Of a deployment that is on its way, its own operation declares the processes. */
function isThere({ newest, current }: Instance, status: WorkloadStatus | undefined): boolean {
  if (!status || newest !== current) return status !== undefined;
  return Object.values(status.processes ?? {}).every(({ desiredReplicas }) => desiredReplicas > 0);
}

/** The environments whose workloads shall run here: other places have kept theirs running. */
async function awake(ports: Resumable): Promise<Environment[]> {
  const found: Environment[] = [];
  for (const { data: project } of await readAll<Project>(ports.store, PROJECTS)) {
    const pk = projectPartition(project.name);
    for (const { data } of await readAll<Environment>(ports.store, pk, ENVIRONMENT_PREFIX))
      if (data.state === 'ready' && data.placement === undefined) found.push(data);
  }
  return found;
}

/** The services of environments: those of the environment that was asked last come first. */
async function lastAskedFirst(ports: Resumable, environments: Environment[]): Promise<Instance[]> {
  const refs = environments.map(({ project, name }) => ({ project, environment: name }));
  const times = await ports.activity.lastRequests(refs);
  const asked = new Map(environments.map((environment, at) => [environment, Number(times[at] ?? 0)]));
  const sorted = environments.toSorted((one, other) => (asked.get(other) ?? 0) - (asked.get(one) ?? 0));
  for (const { project, name, id } of sorted)
    await ports.workloads.ensureEnvironment(
      { project, environment: name, environmentId: id },
      { operation: id },
    );
  return sorted.flatMap(startable);
}
