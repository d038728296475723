/** The ports that need little: activity, anchors, backups and databases elsewhere, in memory. */
import type { ChainHead } from '../../../functions/core/events/audit-chain.ts';
import { Problem } from '../../../functions/core/problem.ts';
import { addCounts, noCounts, type RequestCounts } from '../../../functions/core/rollout/request-counts.ts';
import type { Activity } from '../../../functions/ports/activity.ts';
import type { Anchors } from '../../../functions/ports/anchors.ts';
import type { Backups } from '../../../functions/ports/backups.ts';
import type { DatabaseSources } from '../../../functions/ports/database-sources.ts';
import type { World } from '../world.ts';

interface Request {
  service: string;
  status: number;
  durationMs: number;
  deployment?: number | undefined;
}

export interface SimulatedActivity extends Activity {
  /** A request came for the environment now. */
  touch(project: string, environment: string, request?: Request): void;
  /** When requests came for an environment, epoch milliseconds; also of one that was forgotten. */
  touches(project: string, environment: string): number[];
}

const SAMPLE_MS = 10_000;

const BOUNDS = [0.03, 0.3, 3, Number.POSITIVE_INFINITY];

const countOf = (status: number, durationMs: number): RequestCounts => ({
  requests: 1,
  errors: status >= 500 ? 1 : 0,
  within: new Map(BOUNDS.map((bound) => [bound, durationMs <= bound * 1000 ? 1 : 0])),
});

/** @param place its name, where it is not the installation's own */
export function createSimulatedActivity(
  world: Pick<World, 'io' | 'effects'>,
  place?: string,
): SimulatedActivity {
  const last = new Map<string, number>();
  const all = new Map<string, number[]>();
  const requests = new Map<string, (Request & { at: number })[]>();

  function samplesOf(name: string, service: string, from: number) {
    const found = (requests.get(name) ?? []).filter((one) => one.service === service && one.at >= from);
    const samples = Map.groupBy(found, ({ at }) => Math.floor(at / SAMPLE_MS) * SAMPLE_MS);
    return [...samples].map(([at, some]) => {
      const took = some.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
      return {
        at: new Date(at).toISOString(),
        seconds: SAMPLE_MS / 1000,
        requests: some.length,
        errors: some.filter(({ status }) => status >= 500).length,
        p50Ms: took[Math.floor(took.length / 2)] ?? 0,
        p95Ms: took.at(-1) ?? 0,
        p99Ms: took.at(-1) ?? 0,
      };
    });
  }

  const nameOf = (project: string, environment: string): string => `${project}/${environment}`;
  return {
    lastRequests: (refs) =>
      world.io(
        `${place ?? 'activity'}.lastRequests`,
        () => refs.map(({ project, environment }) => last.get(nameOf(project, environment))),
        false,
        place === undefined ? {} : { place },
      ),
    requests: async ({ project, environment, service }, windowSeconds) =>
      samplesOf(nameOf(project, environment), service, world.effects.now() - windowSeconds * 1000),
    counts: async ({ project, environment, service }) => {
      const asked = (requests.get(nameOf(project, environment)) ?? []).filter(
        (one) => one.service === service,
      );
      const counts = new Map<number, RequestCounts>();
      for (const { deployment, status, durationMs } of asked)
        if (deployment !== undefined)
          counts.set(
            deployment,
            addCounts(counts.get(deployment) ?? noCounts(), countOf(status, durationMs)),
          );
      return counts;
    },
    async forget({ project, environment }) {
      last.delete(nameOf(project, environment));
      requests.delete(nameOf(project, environment));
    },
    touch(project, environment, request) {
      const name = nameOf(project, environment);
      const at = world.effects.now();
      last.set(name, at);
      all.set(name, [...(all.get(name) ?? []), at]);
      if (request) requests.set(name, [...(requests.get(name) ?? []), { ...request, at }]);
    },
    touches: (project, environment) => all.get(nameOf(project, environment)) ?? [],
  };
}

export function createSimulatedAnchors(): Anchors {
  const kept = new Map<string, ChainHead[]>();
  return {
    note: (project, head) => void kept.set(project, [...(kept.get(project) ?? []), head]),
    flush: async () => undefined,
    heads: async (project) => [...(kept.get(project) ?? [])],
  };
}

export interface SimulatedBackups extends Backups {
  paths(): string[];
}

export function createSimulatedBackups(
  io: <T>(point: string, effect: () => T | Promise<T>) => Promise<T>,
): SimulatedBackups {
  const kept = new Map<string, Buffer>();
  return {
    async write(path, chunks) {
      const content = Buffer.concat(await Array.fromAsync(chunks));
      return io('backups.write', () => {
        kept.set(path, content);
        return content.length;
      });
    },
    read: (path) =>
      io('backups.read', () => {
        const content = kept.get(path);
        return (
          content &&
          (async function* () {
            yield content;
          })()
        );
      }),
    remove: (path) => io('backups.remove', () => void kept.delete(path)),
    list: (prefix) =>
      io('backups.list', () => [...kept.keys()].filter((path) => path.startsWith(prefix)).sort()),
    paths: () => [...kept.keys()],
  };
}

/** Databases elsewhere, which can be read, or go away. */
export const createSimulatedSources = (world: World): DatabaseSources => ({
  refusal: () => undefined,
  async *read(_source, signal) {
    await world.io('sources.read', () => signal.throwIfAborted());
    if (world.random.chance(0.2))
      throw new Problem('import_failed', 'The server went away.', { hint: 'Import again.' });
    yield Buffer.from(JSON.stringify({ content: 1, masked: false }));
  },
});
