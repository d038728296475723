/** The Redis server of this machine: `redis-server` or `valkey-server`, where the path of programs has one. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type RunningProgram, startProgram } from '../../system/program.ts';
import type { Account } from '../server-account.ts';

export interface RedisRun {
  /** Its working directory, which the account may write to. */
  data: string;
  /** This process's own where absent. */
  account: Account | undefined;
  /** Redis's own, but for where it listens. */
  settings: Readonly<Record<string, string>>;
  /** Of the loopback interface. */
  port: number;
  onLine(line: string): void;
}

/** How a server is run, or why none can be, as a clause, and what helps. */
export type FoundRedis = { run(request: RedisRun): RunningProgram } | { why: string; hint: string };

const NAMES = ['redis-server', 'valkey-server'];
/** Users with rules of their own for files, as an ACL file has them, came with it. */
const LEAST_VERSION = 7;

const runProgram =
  (program: string) =>
  ({ data, account, settings, port, onLine }: RedisRun): RunningProgram =>
    startProgram({
      command: program,
      args: Object.entries({ ...settings, port: String(port), bind: '127.0.0.1' }).flatMap(
        ([name, value]) => [`--${name}`, value],
      ),
      directory: data,
      variables: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      ...(account && { account }),
      onLine: (_, line) => onLine(line),
    });

let known: string | undefined;

/** @param path as in `PATH` */
export async function findRedis(path: string): Promise<FoundRedis> {
  // A program that was there once is: whoever starts it is told where it is not.
  if (known !== undefined) return { run: runProgram(known) };
  const places = [
    ...path.split(delimiter).filter(Boolean),
    '/usr/bin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
  ];
  let why = `this machine has no ${NAMES.join(' and no ')}`;
  for (const program of NAMES.flatMap((name) => places.map((place) => join(place, name)))) {
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!isThere) continue;
    const said = await promisify(execFile)(program, ['--version'], { env: {}, timeout: 5000 }).catch(
      () => undefined,
    );
    const version = Number(/\bv=(\d+)\./.exec(said?.stdout ?? '')?.[1] ?? 0);
    if (version >= LEAST_VERSION) {
      known = program;
      return { run: runProgram(program) };
    }
    why = `${program} is older than version ${LEAST_VERSION}`;
  }
  const hint =
    'Install redis-server 7 or newer, or valkey-server, on the machine of Berth, or start Docker or Podman there, then try again.';
  return { why, hint };
}
