/** What a Berth uses of its machine, and whether that stays flat. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Installation } from './installation.ts';

const KIB = 1024;
const MIB = KIB * KIB;

export interface Usage {
  memoryMb: number;
  descriptors: number;
  processes: number;
  /** KiB by the part of the data directory. */
  disk: Record<string, number>;
  /** Operations that clients asked for until then. */
  operations: number;
  /** What happened until then, by the audit trail: what runs by a schedule as well. */
  events: number;
}

function sizeOf(path: string): number {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) return stat.size;
    return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
  } catch {
    return 0;
  }
}

export function measure(
  installation: Installation,
  { operations, events }: Pick<Usage, 'operations' | 'events'>,
): Usage {
  const { directory } = installation;
  const pid = installation.pid() ?? 0;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const disk: Record<string, number> = {};
  for (const name of readdirSync(directory)) {
    // PostgreSQL keeps its log of writes between bounds of its own.
    const part = name.replace(/-(wal|shm)$/, '');
    const bytes = sizeOf(join(directory, name)) - sizeOf(join(directory, name, 'data', 'pg_wal'));
    disk[part] = (disk[part] ?? 0) + Math.round(bytes / KIB);
  }
  return {
    memoryMb: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / KIB),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    processes: installation.workloads().length + installation.postgres().length,
    disk,
    operations,
    events,
  };
}

/** Records and events of what was done are kept, on purpose; nothing else may grow. */
const KEPT_KIB_EACH = { operation: 48, event: 1 };
const SLACK_KIB = 8 * KIB;
const SLACK_MB = 24;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Compares the second quarter with the last one: the first one is for warming up. @returns what grows */
export function growing(samples: readonly Usage[]): string[] {
  const quarter = samples.length >> 2;
  if (quarter === 0) return ['There are too few samples to tell: it has to go on for longer'];
  const early = samples.slice(quarter, 2 * quarter);
  const late = samples.slice(-quarter);
  const found: string[] = [];
  const compare = (what: string, of: (usage: Usage) => number, most: (before: number) => number): void => {
    const [before, after] = [median(early.map(of)), median(late.map(of))];
    if (after > most(before)) found.push(`${what}: ${before}, later ${after}`);
  };
  compare(
    'memory, MB',
    ({ memoryMb }) => memoryMb,
    (before) => before * 1.2 + SLACK_MB,
  );
  compare(
    'descriptors',
    ({ descriptors }) => descriptors,
    (before) => before + 12,
  );
  compare(
    'processes',
    ({ processes }) => processes,
    (before) => before + 12,
  );
  const between = (of: (usage: Usage) => number): number => median(late.map(of)) - median(early.map(of));
  const operations = between((usage) => usage.operations);
  const events = between((usage) => usage.events);
  const kept = operations * KEPT_KIB_EACH.operation + events * KEPT_KIB_EACH.event;
  for (const part of new Set(late.flatMap(({ disk }) => Object.keys(disk))))
    compare(
      `${part} on disk, KiB, with ${operations} operations and ${events} events between`,
      ({ disk }) => disk[part] ?? 0,
      (before) => before + SLACK_KIB + kept,
    );
  return found;
}

export const inWords = ({ memoryMb, descriptors, processes, disk, operations, events }: Usage): string =>
  `${memoryMb} MB, ${descriptors} descriptors, ${processes} processes, ${operations} operations, ${events} events, disk ${Object.entries(
    disk,
  )
    .filter(([, kib]) => kib >= 100)
    .map(([part, kib]) => `${part} ${((kib * KIB) / MIB).toFixed(1)}`)
    .join(', ')} MB`;
