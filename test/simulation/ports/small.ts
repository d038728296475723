/** The ports that need little: registry, logs, activity and anchors, all in memory. */
import type { ChainHead } from '../../../functions/core/events/audit-chain.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { Activity } from '../../../functions/ports/activity.ts';
import type { Anchors } from '../../../functions/ports/anchors.ts';
import type { LogLine, Logs } from '../../../functions/ports/logs.ts';
import type { Registry } from '../../../functions/ports/registry.ts';
import { pageOfLines } from '../../../functions/ports/rules/logs-page.ts';
import type { World } from '../world.ts';

const below = (name: string, prefix: string): boolean => name === prefix || name.startsWith(`${prefix}/`);

/** @param images digests that every repository has */
export function createSimulatedRegistry(world: World, images: readonly string[]): Registry {
  const repositories = new Set<string>();
  const nameOf = ({ project, service }: { project: string; service: string }): string =>
    `${project}/${service}`;
  return {
    ensureRepository: (ref) => world.io('registry.ensure', () => void repositories.add(nameOf(ref)), true),
    removeRepository: (ref) => world.io('registry.remove', () => void repositories.delete(nameOf(ref)), true),
    resolve: (_ref, reference) =>
      world.io('registry.resolve', () => {
        if (!images.includes(reference))
          throw new Problem('image_unavailable', 'There is no such image.', { hint: 'Push it.' });
        const config = { entrypoint: [], cmd: [], env: {}, workingDir: '/', labels: {} };
        return { digest: reference, size: 1000, config };
      }),
    findings: async () => undefined,
    signatures: async () => [],
    list: (ref) => world.io('registry.list', () => (repositories.has(nameOf(ref)) ? [...images] : [])),
  };
}

export interface SimulatedLogs extends Logs {
  /** All that is kept. */
  lines(): LogLine[];
}

export function createSimulatedLogs(): SimulatedLogs {
  const streams = new Map<string, LogLine[]>();
  return {
    append: (stream, line) => void streams.set(stream, [...(streams.get(stream) ?? []), line].slice(-50)),
    read: async (stream, { tail }) => (streams.get(stream) ?? []).slice(-(tail ?? 1000)),
    page: async (stream, query) => pageOfLines(streams.get(stream) ?? [], query),
    async *follow(stream, { tail }) {
      yield* (streams.get(stream) ?? []).slice(-(tail ?? 1000));
    },
    async remove(prefix) {
      for (const name of [...streams.keys()]) if (below(name, prefix)) streams.delete(name);
    },
    close: async () => undefined,
    lines: () => [...streams.values()].flat(),
  };
}

export interface SimulatedActivity extends Activity {
  /** A request came for the environment now. */
  touch(project: string, environment: string): void;
  /** When requests came for an environment, epoch milliseconds. */
  touches(project: string, environment: string): number[];
}

export function createSimulatedActivity(world: World): SimulatedActivity {
  const last = new Map<string, number>();
  const all = new Map<string, number[]>();
  return {
    lastRequests: (refs) =>
      world.io('activity.lastRequests', () =>
        refs.map(({ project, environment }) => last.get(`${project}/${environment}`)),
      ),
    requests: async () => [],
    forget: async ({ project, environment }) => void last.delete(`${project}/${environment}`),
    touch(project, environment) {
      const name = `${project}/${environment}`;
      last.set(name, world.effects.now());
      all.set(name, [...(all.get(name) ?? []), world.effects.now()]);
    },
    touches: (project, environment) => all.get(`${project}/${environment}`) ?? [],
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
