/** Steps of the workflow `game-day`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Environment, isFor, type Operation } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import { isAllReady } from '../../ports/rules/workloads/replica-counts.ts';
import { getEnvironment } from '../../records/read.ts';
import { endingOf, endOperation, environmentWrites, errorOf } from '../end-operation.ts';
import { environmentOf, startable } from '../environment-state.ts';
import { type Step, StillProgressing } from '../step.ts';
import { clearFaults, inject } from './faults.ts';
import { hasTooManyErrors, reportOf } from './report.ts';

type GameDay = Operation<'game-day'>;
type GameDayStep = Step<GameDay>;

/** How often the figures of requests are looked at, milliseconds. */
const LOOK_MS = 2_000;
/** How long services are watched after the faults, so that there are figures of it; no longer than the faults took. */
const AFTER_MS = 20_000;
const READY_MS = 60_000;

export const injectFaults: GameDayStep = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    const over = new AbortController();
    const end = (): void => over.abort();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const working = inject(ports, operation, over.signal);
    working.catch(end);
    try {
      for (let left = leftOf(ports, operation); left > 0 && !over.signal.aborted; ) {
        await sleep(Math.min(LOOK_MS, left), undefined, { signal: over.signal }).catch(() => undefined);
        if (await hasTooManyErrors(ports, operation)) break;
        left = leftOf(ports, operation);
      }
    } finally {
      end();
      signal.removeEventListener('abort', end);
    }
    await working;
    // The step's own time is over, and the game day's is not: the next invocation goes on with what is left of it.
    if (signal.aborted && leftOf(ports, operation) > 0) throw new StillProgressing();
  },
};

const leftOf = ({ effects }: Ports, { input }: GameDay): number => Date.parse(input.endsAt) - effects.now();

export const observeRecovery: GameDayStep = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    const environment = await undo(ports, operation);
    const from = ports.effects.now();
    const atLeast = Math.min(AFTER_MS, Date.parse(operation.input.endsAt) - Date.parse(operation.createdAt));
    for (;;) {
      const passed = ports.effects.now() - from;
      const isOver = passed >= atLeast && (passed >= READY_MS || (await allReady(ports, environment)));
      if (isOver || signal.aborted) return;
      await sleep(1_000, undefined, { signal }).catch(() => undefined);
    }
  },
};

async function allReady(ports: Ports, environment: Environment): Promise<boolean> {
  for (const instance of startable(environment)) {
    if (!isAllReady(await ports.workloads.status(instance))) return false;
  }
  return true;
}

async function undo(ports: Ports, operation: GameDay): Promise<Environment> {
  const { data: environment } = await getEnvironment(ports.store, environmentOf(operation));
  // A later environment of the name has its own game days.
  if (isFor(operation, environment)) clearFaults(ports, environment);
  return environment;
}

export const finishGameDay: GameDayStep = {
  role: 'finish',
  async run({ ports, operation }) {
    const report = await reportOf(ports, operation);
    const sum = (member: 'requests' | 'errors'): number =>
      report.services.reduce((total, { during }) => total + (during?.[member] ?? 0), 0);
    await endOperation(ports, operation, {
      ending: { status: 'succeeded', result: { ...report } },
      event: {
        type: 'gameday.ended',
        data: { stoppedEarly: report.stoppedEarly, requests: sum('requests'), errors: sum('errors') },
      },
      writes: () => environmentWrites(ports, operation, withoutGameDay),
    });
  },
};

const withoutGameDay = ({ gameDay: _over, ...environment }: Environment): Environment => environment;

export const recoverGameDay: GameDayStep = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    await undo(ports, operation).catch(() => undefined);
    const ending = endingOf(errorOf(context));
    await endOperation(ports, operation, {
      ending,
      event: { type: 'gameday.failed', data: { code: ending.error.code, cause: ending.error.cause } },
      writes: () => environmentWrites(ports, operation, withoutGameDay),
    });
  },
};
