/** What runs on this machine: from /proc on Linux, from `ps` elsewhere. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';

export const MARKER = 'BERTH_WORKLOAD';

export interface ProcessInfo {
  pid: number;
  group: number;
  /** CPU time used since its start, seconds. */
  cpuSeconds: number;
  memoryBytes: number;
  /** An opaque text; together with the pid it names one process for good. */
  startedAt: string;
}

const linux = process.platform === 'linux';
/** USER_HZ, a constant of the kernel's interface on all architectures that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Fields of /proc/{pid}/stat after the name, which may itself hold spaces and parentheses. */
function statFields(pid: number | 'self'): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

let pageSize = 0;
/** The size of a page is not asked of the system: it follows from our own size, told in bytes and in pages. */
function bytesPerPage(): number {
  if (pageSize > 0) return pageSize;
  const pages = Number(statFields('self')?.[21] ?? 0);
  pageSize = pages > 0 ? 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages)) : 4096;
  return pageSize;
}

function fromProc(pid: number): ProcessInfo | undefined {
  const fields = statFields(pid);
  // A zombie uses nothing and can not be ended: it only waits to be collected.
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return {
    pid,
    group: Number(fields[2]),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    memoryBytes: Number(fields[21]) * bytesPerPage(),
    startedAt: fields[19] ?? '',
  };
}

const run = (file: string, args: string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(
      file,
      args,
      { maxBuffer: 16 * 1024 * 1024, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } },
      (_, stdout) => resolve(stdout),
    );
  });

const PS_LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)\s+(\S.*?)\s*$/;

async function fromPs(pids?: readonly number[]): Promise<ProcessInfo[]> {
  const which = pids ? ['-p', pids.join(',')] : ['-ax'];
  const text = await run('ps', [...which, '-o', 'pid=,pgid=,rss=,time=,lstart=']);
  return text.split('\n').flatMap((line) => {
    const match = PS_LINE.exec(line);
    if (!match) return [];
    const [days, hours, minutes, seconds] = match.slice(4, 8).map((part) => Number(part ?? 0)) as [
      number,
      number,
      number,
      number,
    ];
    return {
      pid: Number(match[1]),
      group: Number(match[2]),
      cpuSeconds: days * 86_400 + hours * 3600 + minutes * 60 + seconds,
      memoryBytes: Number(match[3]) * 1024,
      startedAt: match[8] ?? '',
    };
  });
}

const pidsOfProc = (): number[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []));

/** All live processes. It pauses between batches, so that requests are not kept waiting. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  if (!linux) return fromPs();
  const found: ProcessInfo[] = [];
  for (const [index, pid] of pidsOfProc().entries()) {
    const info = fromProc(pid);
    if (info) found.push(info);
    if (index % 64 === 63) await breathe();
  }
  return found;
}

export async function findProcess(pid: number): Promise<ProcessInfo | undefined> {
  return linux ? fromProc(pid) : (await fromPs([pid]))[0];
}

/** The live processes whose marker starts with the prefix, which ends in a slash. Empty where that can not be told. */
export async function findMarked(prefix: string): Promise<{ pid: number; marker: string }[]> {
  if (!linux) return [];
  const found: { pid: number; marker: string }[] = [];
  for (const [index, pid] of pidsOfProc().entries()) {
    if (index % 64 === 63) await breathe();
    if (pid === process.pid) continue;
    try {
      const entry = readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .find((variable) => variable.startsWith(`${MARKER}=`));
      const marker = entry?.slice(MARKER.length + 1);
      // With the slash, `…/1` is not taken for the start of `…/10`.
      if (marker && `${marker}/`.startsWith(prefix)) found.push({ pid, marker });
    } catch {
      // Another user's process, or one that has just ended.
    }
  }
  return found;
}

/** Memory that a process has for itself, its share of what is shared included; undefined where that is unknown. */
export function proportionalMemory(pid: number): number | undefined {
  try {
    const match = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'));
    return match ? Number(match[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

/** Signals a process, or a group by its negative id. False where there is none. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process of the group still does something. */
export async function groupAlive(group: number): Promise<boolean> {
  if (!sendSignal(-group, 0)) return false;
  return !linux || (await listProcesses()).some((info) => info.group === group);
}
