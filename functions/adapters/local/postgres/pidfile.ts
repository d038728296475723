/** `postmaster.pid`: which process serves a data directory, where, and whether it is ready. */
import { execFile } from 'node:child_process';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface PidFile {
  pid: number;
  port: number;
  /** `starting`, `ready`, `stopping`, or empty while it is being written. */
  status: string;
  replacePid(pid: number): Promise<void>;
}

/** Undefined when there is none, or it can not be understood. */
export async function readPidFile(data: string): Promise<PidFile | undefined> {
  const file = join(data, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return {
    pid,
    port: Number(lines[3]),
    status: lines[7]?.trim() ?? '',
    replacePid: (other) => writeFile(file, [other, ...lines.slice(1)].join('\n')),
  };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process is there but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Whether the process is a server on this data directory: a server works inside it.
 * @param data without symbolic links
 */
export async function runsIn(pid: number, data: string, program = 'postgres'): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') {
    // A process that has ended but was not waited for has no working directory any more.
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    return cwd === data || cwd === `${data} (deleted)`;
  }
  const listed = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'comm=']).catch(() => undefined);
  return listed?.stdout.includes(program) ?? false;
}
