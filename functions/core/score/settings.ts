/** Berth's own settings of a workload: annotations under `berth.dev/`. */

import { splitWords, WordsError } from '../command-line.ts';
import { limits } from '../limits.ts';
import { isName } from '../names.ts';
import { readMs, readPath, readRate, readSteps, readWebhook } from '../rollout/read-rollout.ts';
import { type RolloutPlan, rolloutPlan, type Strategy, strategies } from '../rollout/rollout-plan.ts';
import {
  type BuildSettings,
  readBuildArguments,
  readDockerfilePath,
  readStage,
} from '../source/build-settings.ts';
import { type Fault, invalidScore, quote } from './file/score-faults.ts';
import { nearest } from './file/suggest.ts';
import type { ScoreWorkload } from './workload.ts';

export interface WorkloadSettings {
  /** Runs once before each deployment, as words; `$(NAME)` expands. */
  releaseCommand?: string[];
  /** It gets all variables and secrets of its environment; absent where it gets those that it names. */
  variables?: 'all';
  /** 1 to 20. */
  replicas: number;
  /** How far it may scale; `replicas` to 20. */
  maxReplicas: number;
  /** Containers that run apart from the rest, each in so many replicas, 0 to 20; absent where there is none. */
  processes?: Readonly<Record<string, number>>;
  /** `recreate` stops the old instance first: for programs that can not run twice at the same time. */
  strategy: Strategy;
  /** How its Dockerfile is built; absent where nothing is said of it. */
  build?: BuildSettings;
  /** A client is kept by a cookie with the replica that answered it first; absent where any replica takes each request. */
  affinity?: 'cookie';
  /** How a new version takes over step by step; absent where it does so as soon as it is ready. */
  rollout?: RolloutPlan;
  /** How long a rollout may take. */
  progressDeadlineSeconds: number;
  /** How long a new version has to stay ready before what served is retired. */
  minReadySeconds: number;
  /** How long requests in flight keep what is replaced. */
  drainSeconds: number;
  /** How long what is replaced stays ready, to be taken back at once. */
  warmSeconds: number;
  /** How long a version that failed is kept to be looked at. */
  keepFailedSeconds: number;
}

export const SETTINGS_PREFIX = 'berth.dev/';
const PREFIX = SETTINGS_PREFIX;
const REPLICAS_MAX = limits.replicas.value;
const PROCESSES_MAX = limits.processes.value;
const RELEASE_COMMAND_MAX = limits.releaseCommand.value;
/** Long enough to see a program that ends at its first work; each rollout over one that serves takes as much longer. */
const MIN_READY_DEFAULT = 2;
const DRAIN_DEFAULT = 30;
/** The old instance stops before the new one starts, so that nobody is served while it drains. */
const DRAIN_RECREATE_DEFAULT = 5;
const DRAIN_MAX = limits.drainSeconds.value;
const WARM_DEFAULT = 900;
const WARM_MAX = limits.warmSeconds.value;
const BAKE_MAX = limits.bakeSeconds.value;
const MIN_REQUESTS_MAX = limits.checkRequests.value;

export const settingNames = [
  'release-command',
  'variables',
  'replicas',
  'max-replicas',
  'processes',
  'dockerfile',
  'build-target',
  'build-args',
  'strategy',
  'affinity',
  'progress-deadline-seconds',
  'min-ready-seconds',
  'drain-seconds',
  'steps',
  'bake-seconds',
  'max-error-rate',
  'max-p99',
  'min-requests',
  'check-url',
  'check-command',
  'check-webhook',
  'warm-seconds',
  'keep-failed-seconds',
] as const;
type Name = (typeof settingNames)[number];

const isSetting = (name: string): name is Name => (settingNames as readonly string[]).includes(name);

/** Reads one annotation: the setting, or a string that says why not. */
function integer(text: string, min: number, max: number): number | string {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : `must be a whole number from ${min} to ${max}`;
}

/** `worker=2, clock`: names, each with a number of replicas, which is 1 without it. */
function processes(text: string): Record<string, number> | string {
  const found = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name = '', count = '1'] = /^([^=]{1,63})(?:=(.{1,4}))?$/.exec(part.trim()) ?? [];
    const replicas = integer(count.trim(), 0, REPLICAS_MAX);
    if (!isName(name.trim()) || typeof replicas === 'string')
      return `must be names of containers, each with 0 to ${REPLICAS_MAX} replicas, such as worker=2, clock=1`;
    if (found.has(name.trim())) return `names ${name.trim()} twice`;
    found.set(name.trim(), replicas);
  }
  if (found.size > PROCESSES_MAX) return `must not name more than ${PROCESSES_MAX} processes`;
  return Object.fromEntries(found);
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

const BESIDE = 'needs two versions side by side, which the strategy recreate rules out';

const isStrategy = (text: string): text is Strategy => (strategies as readonly string[]).includes(text);

/** Without what is undefined. */
const present = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

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
    const guess = nearest(name, settingNames);
    const meant = guess === undefined ? '' : `; did you mean ${PREFIX}${guess}?`;
    fail(
      name,
      `is not a setting${meant}; there are ${settingNames.map((known) => PREFIX + known).join(', ')}`,
      true,
    );
  }
  const releaseCommand = read('release-command', command);
  const variables = read('variables', (text) =>
    text === 'all' ? { value: 'all' as const } : `must be all, not ${quote(text)}`,
  )?.value;
  const replicas = read('replicas', (text) => integer(text, 1, REPLICAS_MAX)) ?? 1;
  const maxReplicas = read('max-replicas', (text) => integer(text, replicas, REPLICAS_MAX)) ?? replicas;
  const apart = read('processes', processes);
  const build = present({
    dockerfile: read('dockerfile', readDockerfilePath)?.value,
    target: read('build-target', readStage)?.value,
    args: read('build-args', readBuildArguments),
  });
  const deadline = read('progress-deadline-seconds', (text) => integer(text, 5, 900)) ?? 120;
  const minReady = read('min-ready-seconds', (text) => integer(text, 0, deadline - 1)) ?? MIN_READY_DEFAULT;
  const drain = read('drain-seconds', (text) => integer(text, 0, DRAIN_MAX));
  const strategy: Strategy =
    read('strategy', (text) =>
      isStrategy(text)
        ? { value: text }
        : `must be rolling, recreate, canary or blue-green, not ${quote(text)}`,
    )?.value ?? 'rolling';
  const affinity = read('affinity', (text) =>
    text === 'cookie' ? { value: 'cookie' as const } : `must be cookie, not ${quote(text)}`,
  )?.value;
  const isRecreate = strategy === 'recreate';
  /** Of these, two versions have to run side by side. */
  const readBeside = <T>(name: Name, parse: (text: string) => T | string): T | undefined =>
    read(name, (text) => (isRecreate && text !== '0' ? BESIDE : parse(text)));
  const steps = read('steps', (text) =>
    strategy === 'canary' ? readSteps(text) : 'is for the strategy canary alone',
  );
  const rollout = rolloutPlan(strategy, {
    steps,
    bakeSeconds: readBeside('bake-seconds', (text) => integer(text, 1, BAKE_MAX)),
    checks: present({
      maxErrorRate: readBeside('max-error-rate', readRate),
      maxP99Ms: readBeside('max-p99', readMs),
      minRequests: readBeside('min-requests', (text) => integer(text, 1, MIN_REQUESTS_MAX)),
      url: readBeside('check-url', readPath)?.value,
      command: readBeside('check-command', command),
      webhook: readBeside('check-webhook', readWebhook)?.value,
    }),
  });
  const warm = readBeside('warm-seconds', (text) => integer(text, 0, WARM_MAX));
  const keepFailed = readBeside('keep-failed-seconds', (text) => integer(text, 0, WARM_MAX));
  return {
    settings: {
      ...(releaseCommand ? { releaseCommand } : {}),
      ...(variables && { variables }),
      replicas,
      maxReplicas,
      ...(apart && { processes: apart }),
      ...(Object.keys(build).length > 0 && { build }),
      strategy,
      ...(affinity && { affinity }),
      ...(rollout && { rollout }),
      progressDeadlineSeconds: deadline,
      minReadySeconds: minReady,
      drainSeconds: drain ?? (isRecreate ? DRAIN_RECREATE_DEFAULT : DRAIN_DEFAULT),
      warmSeconds: warm ?? (isRecreate ? 0 : WARM_DEFAULT),
      keepFailedSeconds: keepFailed ?? 0,
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
