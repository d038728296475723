/** Environments that are due: idle ones, those whose office hours begin or end, those whose time is over or soon is, and those that could not be destroyed whole. */
import { environmentDue, environmentWrite } from '../commands/environments/environments.ts';
import { expireEnvironment, tellOfExpiry } from '../commands/environments/expire.ts';
import {
  destroyEnvironment,
  hibernateEnvironment,
  retryDestroy,
  wakeEnvironment,
} from '../commands/environments/transitions.ts';
import { unlessExpired } from '../commands/environments/wake-on-request.ts';
import { type Environment, SYSTEM_ACTOR } from '../core/model/index.ts';
import { dueExpiryStep } from '../core/schedule/expiry-steps.ts';
import { afterHoursLook, dueOfHours, wokenByHours } from '../core/schedule/office-hours.ts';
import type { Ports } from '../ports/index.ts';
import type { Item } from '../ports/store.ts';
import type { SweepReport } from './sweep.ts';

const system = { actor: SYSTEM_ACTOR };

type Counts = Pick<SweepReport, 'hibernated' | 'destroyed' | 'clockJumped'>;

/** @throws Problem what keeps it from being put to sleep now; StoreConflict where it was changed meanwhile */
export async function sweepEnvironment(ports: Ports, item: Item<Environment>, report: Counts): Promise<void> {
  const environment = item.data;
  const ref = { project: environment.project, environment: environment.name };
  if (environment.state === 'destroying') {
    await retryDestroy(ports, system, ref);
    report.destroyed++;
    return;
  }
  const step = dueExpiryStep(environment, ports.effects.now());
  if (step && report.clockJumped) return;
  switch (step) {
    case 'destroy':
      await destroyEnvironment(ports, system, ref, { expired: environment });
      report.destroyed++;
      return;
    case 'expire':
      return sleepExpired(ports, await expireEnvironment(ports, item), report);
    case 'notice':
      return tellOfExpiry(ports, item);
  }
  const wanted = environment.destroyAt === undefined && dueOfHours(environment, ports.effects.now());
  if (wanted && (await turnByHours(ports, item, wanted, report))) return;
  if (environment.state !== 'ready') return putBack(ports, item);
  if (environment.destroyAt !== undefined && !environment.protection)
    return sleepExpired(ports, environment, report);
  if (environment.idleAfterSeconds === undefined) return putBack(ports, item);
  return sleepIdle(ports, item, environment.idleAfterSeconds * 1000, report);
}

/** @returns false where nothing was to be done, and something else may be due of it */
async function turnByHours(
  ports: Ports,
  item: Item<Environment>,
  wanted: 'awake' | 'asleep' | 'as it is',
  report: Counts,
): Promise<boolean> {
  const { data: environment, version } = item;
  const ref = { project: environment.project, environment: environment.name };
  if (wanted === 'awake' && environment.state === 'hibernated') {
    await wakeEnvironment(ports, system, ref, (sleeper) =>
      wokenByHours(unlessExpired(sleeper), ports.effects.now()),
    );
    return true;
  }
  if (wanted === 'asleep' && environment.state === 'ready') {
    await hibernateEnvironment(ports, system, ref, environment, 'hours');
    report.hibernated++;
    return true;
  }
  if (environment.state !== 'ready' && environment.state !== 'hibernated') return false;
  const looked = afterHoursLook(environment, ports.effects.now());
  await ports.store.transact([environmentWrite(looked, { version })]);
  return true;
}

/** Nothing is due of it by now: the write gives it the time at which something is, or takes it out of the queue. */
const putBack = (ports: Ports, { data, version }: Item<Environment>): Promise<void> =>
  ports.store.transact([environmentWrite(data, { version })]);

/** Where nothing runs, nothing is to be done. */
async function sleepExpired(ports: Ports, environment: Environment, report: Counts): Promise<void> {
  if (environment.state !== 'ready') return;
  const ref = { project: environment.project, environment: environment.name };
  await hibernateEnvironment(ports, system, ref, environment, 'expired');
  report.hibernated++;
}

async function sleepIdle(
  ports: Ports,
  item: Item<Environment>,
  idleMs: number,
  report: Counts,
): Promise<void> {
  const environment = item.data;
  const ref = { project: environment.project, environment: environment.name };
  const now = ports.effects.now();
  const [last] = await ports.activity.lastRequests([ref]);
  // Where requests are not seen, nothing counts as idle: the environment is looked at again when it could be.
  if (last === 'unknown') return lookLater(ports, item, now);
  const known = Date.parse(environment.lastActivityAt);
  const used = Math.max(known, last ?? known);
  const isIdle = used + idleMs <= now;
  if (used > known || !isIdle) {
    // The environment was used since: the time goes into the record, and with it the next due time.
    const touched = { ...environment, lastActivityAt: new Date(used).toISOString() };
    await ports.store.transact([environmentWrite(touched, { version: item.version })]);
    if (!isIdle) return;
    await hibernateEnvironment(ports, system, ref, touched);
  } else {
    await hibernateEnvironment(ports, system, ref, environment);
  }
  report.hibernated++;
}

/** As if it had been used now, which the record does not say. */
async function lookLater(ports: Ports, item: Item<Environment>, now: number): Promise<void> {
  const { pk, sk, data, version } = item;
  const due = environmentDue({ ...data, lastActivityAt: new Date(now).toISOString() });
  await ports.store.transact([{ put: { pk, sk, data, ...(due && { due }) }, if: { version } }]);
}
