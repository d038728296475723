/** A soak: clients work for long, by the clock or by one that is moved on, and what Berth uses has to stay flat. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../simulation/random.ts';
import { act } from './actions.ts';
import { createClient, createPromised, PROJECT } from './client.ts';
import { createInstallation, signal } from './installation.ts';
import { createOracle } from './oracle.ts';
import { setUp } from './storm.ts';
import { growing, inWords, measure, type Usage } from './usage.ts';

export interface SoakOptions {
  seed: number;
  /** By the clock of the machine. */
  hours?: number;
  /** By a clock that is moved on between what clients do. */
  days?: number;
}

const HOUR_MS = 3_600_000;
/** How many times the clock is moved on between two actions of a client, each time by some minutes. */
const MOVES = 20;
const MOVES_A_DAY = 240;
/** Long enough for a sweep to see it. */
const MOVE_MS = 130;
const SAMPLES = 60;
/** After so many actions, and a tenth of the time, all that was accepted is waited for, and has to hold: in the end operations are forgotten. */
const LOOK_EACH = 500;
const LOOKS = 10;

/** @returns what was violated, or grows */
export async function soak({ seed, hours, days }: SoakOptions): Promise<string[]> {
  const random = createRandom(seed);
  const installation = await createInstallation(
    days === undefined ? undefined : join(import.meta.dirname, 'moved-clock.ts'),
  );
  const client = createClient(installation, 'ADA', createPromised());
  const oracle = createOracle(installation, client);
  const samples: Usage[] = [];
  const began = Date.now();
  let moves = 0;
  let operations = 0;
  let looks = 0;
  const end = (): void => {
    signal(installation.pid(), 'SIGKILL');
    installation.dispose();
    process.exit(130);
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  /** From 0 to 1. */
  const done = (): number =>
    days === undefined ? (Date.now() - began) / ((hours ?? 0) * HOUR_MS) : moves / (days * MOVES_A_DAY);
  try {
    await installation.start();
    await setUp(client);
    for (let count = 1; done() < 1; count++) {
      await act(client, random);
      if (days === undefined) await sleep(random.below(2_000));
      else await moveOn();
      if (count % LOOK_EACH === 0 || done() * LOOKS > looks + 1) {
        looks = Math.floor(done() * LOOKS);
        operations += client.promised.operations.size;
        await oracle.atRest();
      }
      if (done() * SAMPLES < samples.length) continue;
      const newest = await client.ask('GET', `${PROJECT}/events?limit=1`);
      const usage = measure(installation, {
        operations: operations + client.promised.operations.size,
        events: Number(newest?.body.items[0]?.id ?? 0),
      });
      samples.push(usage);
      console.log(`${(done() * 100).toFixed(0)} %: ${inWords(usage)}`);
    }
    await oracle.atRest();
    for (const what of growing(samples)) installation.violate(`It grows: ${what}`);
    await oracle.afterDestroy();
    await installation.end('SIGTERM');
  } catch (error) {
    installation.violate(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await installation.end('SIGKILL');
    installation.dispose();
  }
  return installation.violations;

  /** What was accepted ends before time passes, as it would. */
  async function moveOn(): Promise<void> {
    for (const id of [...client.promised.operations.keys()].slice(-3))
      for (let tries = 0; tries < 600; tries++) {
        const told = await client.ask('GET', `/v1/operations/${id}`);
        if (!['queued', 'running'].includes(told?.body.status)) break;
        await sleep(100);
      }
    for (let left = MOVES; left > 0; left--) {
      signal(installation.pid(), 'SIGUSR2');
      moves++;
      await sleep(MOVE_MS);
    }
  }
}
