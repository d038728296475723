/**
 * A server program of this machine with a directory and a port of its own, which is started again when it ended:
 *
 *     owner  port  pid  asleep   whose it is, where it listens, which process it was, and whether it is to rest
 *     data/                      the program's working directory
 */
import { existsSync } from 'node:fs';
import { chown, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../../core/problem.ts';
import type { RunningProgram } from '../system/program.ts';
import { keptPort } from './loopback-port.ts';
import type { OwnedServer } from './owned-servers.ts';
import { runsIn } from './postgres/pidfile.ts';
import { type Account, serverAccount } from './server-account.ts';

export interface Launch {
  data: string;
  /** This process's own where absent. */
  account: Account | undefined;
  port: number;
  onLine(line: string): void;
}

export interface KeptServerOptions {
  directory: string;
  /** What it is, for people: "Redis server". */
  title: string;
  /** Part of the program's name: what an earlier life of Berth left running is told by it where there is no /proc. */
  program: string;
  /** Told before each start: whether it was ever made. */
  isMade(): boolean;
  /** Makes ready what it reads when it starts, and starts it. @throws Problem unavailable */
  launch(at: Launch): Promise<RunningProgram>;
  /** Rejects while it does not answer at that port. */
  ping(port: number): Promise<unknown>;
  /** Of the lines that a server said which did not start, the one that tells why. */
  reason?(lines: readonly string[]): string | undefined;
  log(line: string): void;
}

export interface RunningServer {
  program: RunningProgram;
  port: number;
}

export interface KeptServer extends OwnedServer {
  /** @throws Problem unavailable */
  ensureRunning(): Promise<RunningServer>;
  /** Undefined where it does not run. */
  running(): Promise<RunningServer | undefined>;
  sleep(): Promise<void>;
  wake(): Promise<void>;
  /** From now on it is to run. */
  rouse(): Promise<void>;
}

/** It reads all that it kept before it is ready. */
const START_TIMEOUT = 60_000;
/** It writes what is not on the disk yet. */
const STOP_TIMEOUT = 10_000;
const POLL = 20;
const REVIVE_AFTER = 1_000;
/** What could not be started is tried again after this time, milliseconds. */
const AGAIN_AFTER = 10_000;
const SAID_LINES = 20;

export function createKeptServer(options: KeptServerOptions): KeptServer {
  const { directory, title, program, isMade, launch, ping, log } = options;
  const path = (name: string): string => join(directory, name);
  let current: Promise<RunningServer> | undefined;
  let isClosing = false;

  async function start(): Promise<RunningServer> {
    if (!isMade()) throw notStarted(title, 'it was never made');
    const data = path('data');
    await mkdir(data, { recursive: true, mode: 0o700 });
    const account = await serverAccount(data);
    if (account) await chown(data, account.uid, account.gid);
    await endFormer(await realpath(data));
    const port = await keptPort(directory);
    const said: string[] = [];
    const onLine = (line: string): void => {
      said.push(line);
      if (said.length > SAID_LINES) said.shift();
    };
    const started = await launch({ data, account, port, onLine });
    await writeFile(path('pid'), started.pid === undefined ? '' : `${started.pid}\n`);
    let isOver = false;
    const over = started.exited.then(({ error }) => {
      isOver = true;
      return error?.message ?? 'it ended';
    });
    const outcome = await Promise.race([whenReady(port, () => isOver), over]);
    if (outcome === undefined) return { program: started, port };
    await started.stop(0);
    throw notStarted(title, options.reason?.(said) ?? outcome);
  }

  /** A server that an earlier life of Berth left running has all on the disk once it is asked to end. */
  async function endFormer(data: string): Promise<void> {
    const pid = Number(await readFile(path('pid'), 'utf8').catch(() => ''));
    if (!Number.isInteger(pid) || pid <= 1) return;
    const deadline = performance.now() + STOP_TIMEOUT;
    for (let isAsked = false; await runsIn(pid, data, program); isAsked = true) {
      process.kill(pid, performance.now() > deadline ? 'SIGKILL' : isAsked ? 0 : 'SIGTERM');
      await sleep(POLL);
    }
  }

  async function whenReady(port: number, isOver: () => boolean): Promise<string | undefined> {
    const deadline = performance.now() + START_TIMEOUT;
    for (;;) {
      try {
        await ping(port);
        return undefined;
      } catch (error) {
        if (isOver() || performance.now() > deadline) return (error as Error).message;
        await sleep(POLL);
      }
    }
  }

  function ensureRunning(): Promise<RunningServer> {
    if (isClosing) throw notStarted(title, 'Berth is stopping');
    if (current) return current;
    const starting = start();
    current = starting;
    const forget = (): void => {
      if (current === starting) current = undefined;
    };
    starting.then((started) => {
      started.program.exited.then(() => {
        const isUnexpected = current === starting;
        forget();
        if (!isUnexpected || isClosing) return;
        log(`The ${title} in ${directory} ended unexpectedly; starting it again`);
        setTimeout(revive, REVIVE_AFTER).unref();
      });
    }, forget);
    return starting;
  }

  /** Workloads hold connections too, so that a server that ended does not wait for Berth to need it. */
  function revive(): void {
    if (isClosing || current || existsSync(path('asleep')) || !isMade()) return;
    ensureRunning().catch((error: Error) => {
      log(error.message);
      setTimeout(revive, AGAIN_AFTER).unref();
    });
  }

  const running = async (): Promise<RunningServer | undefined> => current?.catch(() => undefined);

  async function stop(): Promise<void> {
    const present = running();
    current = undefined;
    await (await present)?.program.stop(STOP_TIMEOUT);
  }

  const rouse = (): Promise<void> => rm(path('asleep'), { force: true });

  return {
    ensureRunning,
    running,
    rouse,
    async sleep() {
      await writeFile(path('asleep'), '');
      await stop();
    },
    async wake() {
      await rouse();
      await ensureRunning();
    },
    async resume() {
      revive();
      await current?.catch(() => undefined);
    },
    async close() {
      isClosing = true;
      await stop();
    },
  };
}

export const notStarted = (
  title: string,
  why: string,
  hint = 'Look at what Berth logs of it, then try again.',
): Problem => new Problem('unavailable', `The ${title} can not start: ${why.replace(/\.$/, '')}.`, { hint });
