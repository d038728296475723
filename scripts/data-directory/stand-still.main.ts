/**
 * Stops all that may write below a directory, says so, and lets it go on when its input ends, which it does however the
 * process at the other end went, or when its time is over. Its arguments: the directory, the time in milliseconds, and the
 * id of the Berth whose containers are paused too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../functions/adapters/containers/engine.ts';
import { findEngine } from '../../functions/adapters/containers/find-engine.ts';
import { INSTANCE_LABEL } from '../../functions/adapters/containers/network/networks.ts';
import { SERVER_LABEL } from '../../functions/adapters/containers/run-redis.ts';
import { sendSignal } from '../../functions/adapters/system/marked-processes.ts';
import { findHolders, isStopped, isThere, mappedFiles } from './holders.ts';

/** What a process has started while the others were stopped is found by the next look. */
const LOOKS = 5;
const ENGINE_MS = 3_000;

const [directory = '', limitMs = '0', instance = ''] = process.argv.slice(2);
const stopped = new Set<number>();
const paused: string[] = [];
let engine: Engine | undefined;

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

async function goOn(why: 'asked' | 'late'): Promise<never> {
  // The databases first, and Berth, which asks them, last.
  for (const pid of [...stopped].reverse()) sendSignal(pid, 'SIGCONT');
  await Promise.all(
    paused.map((id) =>
      engine?.call('POST', `/containers/${id}/unpause`, { timeoutMs: ENGINE_MS }).catch((error: Error) => {
        say({ failed: `A container stays paused: ${error.message}. Next: docker unpause ${id}` });
      }),
    ),
  );
  say({ wentOn: why });
  process.exit(0);
}

async function pauseContainers(): Promise<void> {
  const found = instance === '' ? undefined : await findEngine(process.env.DOCKER_HOST);
  if (!found || !('engine' in found)) return;
  engine = found.engine;
  for (const label of [INSTANCE_LABEL, SERVER_LABEL]) {
    const filters = JSON.stringify({ label: [`${label}=${instance}`], status: ['running'] });
    const query = { filters };
    const running = await engine.call<{ Id: string }[]>('GET', '/containers/json', {
      query,
      timeoutMs: ENGINE_MS,
    });
    for (const { Id } of running ?? []) {
      paused.push(Id);
      await engine.call('POST', `/containers/${Id}/pause`, { timeoutMs: ENGINE_MS });
    }
  }
}

process.stdin.resume();
process.stdin.on('end', () => void goOn('asked'));
process.stdin.on('error', () => void goOn('asked'));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void goOn('asked'));
process.stdout.on('error', () => void goOn('asked'));
setTimeout(() => void goOn('late'), Number(limitMs));

try {
  await pauseContainers();
  for (let look = 0; look < LOOKS; look++) {
    // Who was stopped by somebody else does not write either, and is not for us to let go on.
    const fresh = findHolders(directory).filter((pid) => !stopped.has(pid) && !isStopped(pid));
    if (fresh.length === 0) break;
    for (const pid of fresh) {
      if (!sendSignal(pid, 0)) continue;
      process.kill(pid, 'SIGSTOP');
      stopped.add(pid);
    }
    // A system call that goes on when the signal is sent ends first.
    await sleep(5);
  }
  // Where the processors are busy a signal is seen late, and a system call that writes goes on until then.
  while ([...stopped].some((pid) => isThere(pid) && !isStopped(pid))) await sleep(2);
  say({ stopped: stopped.size, paused: paused.length, mapped: mappedFiles(directory, [...stopped]) });
} catch (error) {
  say({ failed: (error as Error).message });
  await goOn('asked');
}
