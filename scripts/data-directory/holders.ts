/** Who may write below a directory: processes that have something of it open, and what they have started. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const pids = (): number[] =>
  readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

/** Undefined for a process that is gone, or that waits to be collected. */
function statusOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
const parentOf = (pid: number): number | undefined => statusOf(pid)?.parent;

export const isThere = (pid: number): boolean => statusOf(pid) !== undefined;

/** Whether somebody has stopped it, who does not want it to go on now. */
export const isStopped = (pid: number): boolean => statusOf(pid)?.state === 'T';

function links(path: string): string[] {
  try {
    return readdirSync(path).map((name) => readlinkSync(`${path}/${name}`));
  } catch {
    return [];
  }
}

function opens(pid: number, isBelow: (path: string) => boolean): boolean {
  try {
    if (isBelow(readlinkSync(`/proc/${pid}/cwd`))) return true;
  } catch {
    // Another account's process, or one that has just ended.
  }
  return links(`/proc/${pid}/fd`).some(isBelow);
}

/** This process and those that it was started by: to stop them would stop the backup. */
function ownLine(): Set<number> {
  const line = new Set<number>();
  for (let pid: number | undefined = process.pid; pid && !line.has(pid); pid = parentOf(pid)) line.add(pid);
  return line;
}

const below = (directory: string) => (path: string) => path === directory || path.startsWith(`${directory}/`);

/** @param directory without symbolic links */
export function findHolders(directory: string): number[] {
  const own = ownLine();
  const parents = new Map(pids().map((pid) => [pid, parentOf(pid)] as const));
  const holds = new Map<number, boolean>();
  const isBelow = below(directory);
  const isHolder = (pid: number): boolean => {
    const known = holds.get(pid);
    if (known !== undefined) return known;
    holds.set(pid, false);
    const parent = parents.get(pid);
    const found =
      !own.has(pid) &&
      parent !== undefined &&
      (opens(pid, isBelow) || (parents.has(parent) && isHolder(parent)));
    holds.set(pid, found);
    return found;
  };
  return [...parents.keys()].filter(isHolder);
}

/** Files below the directory that processes write to as memory: their times say nothing of when they were changed. */
export function mappedFiles(directory: string, holders: readonly number[]): string[] {
  const isBelow = below(directory);
  const found = new Set<string>();
  for (const pid of holders) {
    let text = '';
    try {
      text = readFileSync(`/proc/${pid}/maps`, 'utf8');
    } catch {
      continue;
    }
    for (const [, path] of text.matchAll(/^\S+ .w.s \S+ \S+ \d+ +(\/.*)$/gm))
      if (path && isBelow(path)) found.add(path);
  }
  return [...found];
}
