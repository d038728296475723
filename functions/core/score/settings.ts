/** Berth's own settings of a workload: annotations under `berth.dev/`. */

import { splitWords, WordsError } from '../command-line.ts';
import { limits } from '../limits.ts';
import { type Fault, invalidScore, quote } from './file/score-faults.ts';
import { nearest } from './file/suggest.ts';
import type { ScoreWorkload } from './workload.ts';

export interface WorkloadSettings {
  /** Runs once before each deployment, as words; `$(NAME)` expands. */
  releaseCommand?: string[];
  /** 1 to 20. */
  replicas: number;
  /** How far it may scale; `replicas` to 20. */
  maxReplicas: number;
  /** `recreate` stops the old instance first: for programs that can not run twice at the same time. */
  strategy: 'rolling' | 'recreate';
  /** How long a rollout may take. */
  progressDeadlineSeconds: number;
  /** How long a new version has to stay ready before what served is retired. */
  minReadySeconds: number;
  /** How long requests in flight keep what is replaced. */
  drainSeconds: number;
}

const PREFIX = 'berth.dev/';
const REPLICAS_MAX = limits.replicas.value;
const RELEASE_COMMAND_MAX = limits.releaseCommand.value;
/** Long enough to see a program that ends at its first work; each rollout over one that serves takes as much longer. */
const MIN_READY_DEFAULT = 2;
const DRAIN_DEFAULT = 30;
/** The old instance stops before the new one starts, so that nobody is served while it drains. */
const DRAIN_RECREATE_DEFAULT = 5;
const DRAIN_MAX = limits.drainSeconds.value;

const names = [
  'release-command',
  'replicas',
  'max-replicas',
  'strategy',
  'progress-deadline-seconds',
  'min-ready-seconds',
  'drain-seconds',
] as const;
type Name = (typeof names)[number];

const isSetting = (name: string): name is Name => (names as readonly string[]).includes(name);

/** Reads one annotation: the setting, or a string that says why not. */
function integer(text: string, min: number, max: number): number | string {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : `must be a whole number from ${min} to ${max}`;
}

function command(text: string): string[] | string {
  if (text.length > RELEASE_COMMAND_MAX) return `must not be longer than ${RELEASE_COMMAND_MAX} characters`;
  try {
    const words = splitWords(text);
    return words.length > 0 ? words : 'is empty';
  } catch (error) {
    if (error instanceof WordsError) return `can not be split into words: ${error.message}`;
    throw error;
  }
}

/** The settings that can be read, and what is wrong with the rest. */
export function readSettings(annotations: Readonly<Record<string, string>> = {}): {
  settings: WorkloadSettings;
  faults: Fault[];
} {
  const faults: Fault[] = [];
  const fail = (name: string, message: string, atKey = false): undefined => {
    faults.push({ path: ['metadata', 'annotations', PREFIX + name], message, ...(atKey ? { atKey } : {}) });
  };
  const read = <T>(name: Name, parse: (text: string) => T | string): T | undefined => {
    const text = Object.hasOwn(annotations, PREFIX + name) ? annotations[PREFIX + name] : undefined;
    if (text === undefined) return undefined;
    const value = parse(text);
    return typeof value === 'string' ? fail(name, value) : value;
  };

  for (const key of Object.keys(annotations)) {
    const name = key.slice(PREFIX.length);
    if (!key.startsWith(PREFIX) || isSetting(name)) continue;
    const guess = nearest(name, names);
    const meant = guess === undefined ? '' : `; did you mean ${PREFIX}${guess}?`;
    fail(
      name,
      `is not a setting${meant}; there are ${names.map((known) => PREFIX + known).join(', ')}`,
      true,
    );
  }
  const releaseCommand = read('release-command', command);
  const replicas = read('replicas', (text) => integer(text, 1, REPLICAS_MAX)) ?? 1;
  const maxReplicas = read('max-replicas', (text) => integer(text, replicas, REPLICAS_MAX)) ?? replicas;
  const deadline = read('progress-deadline-seconds', (text) => integer(text, 5, 900)) ?? 120;
  const minReady = read('min-ready-seconds', (text) => integer(text, 0, deadline - 1)) ?? MIN_READY_DEFAULT;
  const drain = read('drain-seconds', (text) => integer(text, 0, DRAIN_MAX));
  const strategy = read('strategy', (text) =>
    text === 'rolling' || text === 'recreate'
      ? { value: text as WorkloadSettings['strategy'] }
      : `must be rolling or recreate, not ${quote(text)}`,
  );
  return {
    settings: {
      ...(releaseCommand ? { releaseCommand } : {}),
      replicas,
      maxReplicas,
      strategy: strategy?.value ?? 'rolling',
      progressDeadlineSeconds: deadline,
      minReadySeconds: minReady,
      drainSeconds: drain ?? (strategy?.value === 'recreate' ? DRAIN_RECREATE_DEFAULT : DRAIN_DEFAULT),
    },
    faults,
  };
}

/**
 * Berth's settings of a workload, with defaults: one replica, rolling, 120 seconds to get ready, 30 to drain.
 * @throws Problem invalid_score for an unknown `berth.dev/` annotation or a value that does not fit
 */
export function workloadSettings(workload: Pick<ScoreWorkload, 'metadata'>): WorkloadSettings {
  const { settings, faults } = readSettings(workload.metadata.annotations);
  if (faults.length > 0) throw invalidScore(faults);
  return settings;
}
