/** What a game day makes fail. All of it ends with the step that does it, or by the time that it carries. */
import { setTimeout as sleep } from 'node:timers/promises';
import { disturbable } from '../../commands/gamedays/gamedays.ts';
import type { Environment, Fault, Instance, Operation } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Disturbance } from '../../ports/workloads.ts';
import { instancesOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { environmentOf, startable } from '../environment-state.ts';

type GameDay = Operation<'game-day'>;

/** Makes fail what was asked for until the signal aborts. @throws what kept a fault from being done */
export async function inject(ports: Ports, operation: GameDay, signal: AbortSignal): Promise<void> {
  const { data: environment } = await getEnvironment(ports.store, environmentOf(operation));
  const { faults, endsAt } = operation.input;
  for (const disturbance of disturbancesOf(environment, faults, Date.parse(endsAt) - ports.effects.now()))
    ports.workloads.disturb?.(disturbance);
  await Promise.all(faults.map((fault) => injectOne(ports, operation, environment, fault, signal)));
}

/** Requests pass as ever. */
export function clearFaults(ports: Ports, environment: Environment): void {
  for (const { project, environment: name, service } of instancesOf(environment))
    ports.workloads.disturb?.({ project, environment: name, service, forMs: 0 });
}

/** Faults of requests to one service are one disturbance. */
function disturbancesOf(
  { project, name }: Environment,
  faults: readonly Fault[],
  forMs: number,
): Disturbance[] {
  const found = new Map<string, Disturbance>();
  for (const fault of faults) {
    if (fault.type !== 'delay' && fault.type !== 'abort') continue;
    const { service, percent } = fault;
    const before = found.get(service) ?? { project, environment: name, service, forMs };
    const part = fault.type === 'delay' ? { delay: { percent, ms: fault.delayMs } } : { abort: { percent } };
    found.set(service, { ...before, ...part });
  }
  return [...found.values()];
}

async function injectOne(
  ports: Ports,
  operation: GameDay,
  environment: Environment,
  fault: Fault,
  signal: AbortSignal,
): Promise<void> {
  switch (fault.type) {
    case 'delay':
    case 'abort':
      return;
    case 'kill':
      return repeat(operation, ports, fault.everySeconds, signal, () =>
        killOne(ports, environment, fault.service),
      );
    case 'cut-database':
      return repeat(operation, ports, fault.everySeconds, signal, async () => {
        for (const { disturbance, request } of await disturbable(ports, environment))
          await disturbance.cut(ports, request);
      });
    case 'slow-database': {
      const databases = await disturbable(ports, environment);
      await Promise.all(
        databases.map(({ disturbance, request }) => disturbance.slow(ports, request, fault.delayMs, signal)),
      );
    }
  }
}

/**
 * Does something when the game day begins, and again after each so many seconds. What was due while an earlier run of
 * the step may have done it, as before a death of Berth, is not done again.
 */
async function repeat(
  { steps, createdAt }: GameDay,
  { effects }: Ports,
  everySeconds: number | undefined,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const isFirst = (steps.findLast(({ name }) => name === 'injectFaults')?.attempt ?? 1) === 1;
  const begin = effects.now();
  for (let due = Date.parse(createdAt), first = true; !signal.aborted; due += (everySeconds ?? 0) * 1000) {
    const isDone = first ? !isFirst : due < begin;
    first = false;
    if (!isDone) {
      await sleep(Math.max(0, due - effects.now()), undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await work();
    }
    if (everySeconds === undefined) return;
  }
}

async function killOne(ports: Ports, environment: Environment, service: string | undefined): Promise<void> {
  const { data: now } = await getEnvironment(ports.store, {
    project: environment.project,
    environment: environment.name,
  });
  const possible = startable(now).filter((instance) => service === undefined || instance.service === service);
  const replicas: { instance: Instance; id: string }[] = [];
  for (const instance of possible)
    for (const { id, state } of (await ports.workloads.status(instance))?.replicas ?? [])
      if (state === 'ready') replicas.push({ instance, id });
  const chosen = replicas[pickBelow(ports, replicas.length)];
  if (chosen) await ports.workloads.kill(chosen.instance, chosen.id);
}

/** A number below another one, by chance; 0 where there is none. */
const pickBelow = ({ effects }: Ports, limit: number): number =>
  Buffer.from(effects.token(4), 'base64url').readUInt32BE() % Math.max(1, limit);
