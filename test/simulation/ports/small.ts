/** The ports that need little: registry, builder, logs, activity, anchors and receivers, all in memory. */
import type { ChainHead } from '../../../functions/core/events/audit-chain.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { Activity } from '../../../functions/ports/activity.ts';
import type { Anchors } from '../../../functions/ports/anchors.ts';
import type { Builder } from '../../../functions/ports/builder.ts';
import type { LogLine, Logs } from '../../../functions/ports/logs.ts';
import type { Receivers } from '../../../functions/ports/receivers.ts';
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

/** @param digest of the image that a build ends with */
export function createSimulatedBuilder(world: World, digest: () => string, score: string): Builder {
  let ids = 0;
  return {
    saveSource: (body) =>
      world.io('builder.saveSource', async () => {
        const bytes = (await new Response(body).arrayBuffer()).byteLength;
        return { id: `source-${++ids}`, sha256: '0'.repeat(64), bytes };
      }),
    removeSource: () => world.io('builder.removeSource', () => undefined, true),
    build: ({ source }, log) =>
      world.io('builder.build', () => {
        log('built');
        if (world.random.chance(0.2))
          throw new Problem('build_failed', 'It does not compile.', { hint: 'Mend it.' });
        const from =
          source.kind === 'git'
            ? { kind: 'git' as const, url: source.url, ref: source.ref, commit: '0'.repeat(40) }
            : { kind: 'upload' as const, sha256: '0'.repeat(64), bytes: 1 };
        return { digest: digest(), score, files: {}, source: from, detected: 'a simulation' };
      }),
  };
}

export interface SimulatedLogs extends Logs {
  streams(): string[];
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
    streams: () => [...streams.keys()],
  };
}

export interface SimulatedActivity extends Activity {
  /** A request came for the environment now. */
  touch(project: string, environment: string): void;
}

export function createSimulatedActivity(world: World): SimulatedActivity {
  const last = new Map<string, number>();
  return {
    lastRequests: (refs) =>
      world.io('activity.lastRequests', () =>
        refs.map(({ project, environment }) => last.get(`${project}/${environment}`)),
      ),
    requests: async () => [],
    forget: async ({ project, environment }) => void last.delete(`${project}/${environment}`),
    touch: (project, environment) => void last.set(`${project}/${environment}`, world.effects.now()),
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

export function createSimulatedReceivers(world: World): Receivers {
  return {
    refusal: () => undefined,
    post: async () => ({ status: world.random.chance(0.2) ? 500 : 204 }),
  };
}
