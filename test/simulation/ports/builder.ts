/** Builds that compile nothing: they take their time, and some of them fail. */

import { limits } from '../../../functions/core/limits.ts';
import { Problem, TransientError } from '../../../functions/core/problem.ts';
import type { Builder, BuildRequest } from '../../../functions/ports/builder.ts';
import type { RepositoryRef } from '../../../functions/ports/registry.ts';
import type { World } from '../world.ts';

interface Running {
  project: string;
  over: Promise<void>;
  stop: () => void;
}

export interface Built {
  digest: string;
  /** Text of the Score file. */
  score: string;
}

export interface BuilderOptions {
  built(service: string): Built;
  /** Is told of each image that a build makes. */
  push?(repository: RepositoryRef, digest: string): void;
  /** Whether the operation has ended: a step of it that was slow may come behind its end. */
  isOver?(operation: string): boolean;
}

export function createSimulatedBuilder(
  world: World,
  { built, push = () => undefined, isOver = () => false }: BuilderOptions,
): Builder {
  const sources = new Set<string>();
  const running = new Map<string, Running>();
  /** How builds have ended: a step that is called once more is told the same, as CodeBuild tells it. */
  const ended = new Map<string, 'built' | 'failed' | 'stopped'>();
  let ids = 0;
  // Builds run in the process that began them, which knows of no others.
  world.onDeath.push(() => {
    running.clear();
    ended.clear();
  });

  async function build({ repository, operation, source }: BuildRequest, signal: AbortSignal) {
    const { project, service } = repository;
    if (source.kind === 'upload' && !sources.has(source.id)) {
      if (!isOver(operation)) world.violate(`The source of build ${operation} is gone before it has ended`);
      throw new Problem('source_unavailable', 'It is no longer there.', { hint: 'Upload it again.' });
    }
    if (!ended.has(operation))
      await waitFor(running.get(operation) ?? begin(operation, project), operation, signal);
    // What waited in a process that died has nobody whom it could tell.
    if ((ended.get(operation) ?? 'stopped') === 'stopped')
      throw new Problem('canceled', 'It was stopped.', { hint: 'Build it again.' });
    if (ended.get(operation) === 'failed')
      throw new Problem('build_failed', 'It does not compile.', { hint: 'Mend it.' });
    push(repository, built(service).digest);
    return {
      ...built(service),
      files: {},
      source:
        source.kind === 'git'
          ? {
              kind: 'git' as const,
              url: source.url,
              ref: source.ref,
              commit: source.commit ?? '0'.repeat(40),
            }
          : { kind: 'upload' as const, sha256: '0'.repeat(64), bytes: 1 },
      detected: 'a simulation',
    };
  }

  async function waitFor(build: Running, operation: string, signal: AbortSignal) {
    const isDone = await Promise.race([
      build.over.then(() => true),
      new Promise<false>((resolve) => {
        signal.addEventListener('abort', () => resolve(false), { once: true });
        if (signal.aborted) resolve(false);
      }),
    ]);
    // Where it runs on a machine of its own, it goes on when a call hands over.
    if (!isDone && signal.reason instanceof TransientError) throw signal.reason;
    if (running.get(operation) !== build) return;
    running.delete(operation);
    ended.set(operation, signal.aborted ? 'stopped' : world.random.chance(0.2) ? 'failed' : 'built');
  }

  function begin(operation: string, project: string) {
    const { promise: over, resolve: stop } = Promise.withResolvers<void>();
    setTimeout(stop, 2_000 + world.random.below(90_000));
    const entry = { project, over, stop };
    running.set(operation, entry);
    const ofProject = [...running.values()].filter((one) => one.project === project).length;
    const isTooMany =
      ofProject > limits.buildsAtOnceOfProject.value || running.size > limits.buildsAtOnce.value;
    // A clock that jumps ends the time for which a build has its place.
    if (isTooMany && !world.fates.happened.some(({ fault }) => fault === 'jump'))
      world.violate(`I12: ${ofProject} builds of ${project} run at once, ${running.size} in all`);
    return entry;
  }

  return {
    saveSource: (body) =>
      world.io('builder.saveSource', async () => {
        const bytes = (await new Response(body).arrayBuffer()).byteLength;
        const id = `source-${++ids}`;
        sources.add(id);
        return { id, sha256: String(bytes).padStart(64, '0'), bytes };
      }),
    openUpload: (bytes) =>
      world.io('builder.openUpload', () => {
        const id = `source-${++ids}`;
        return {
          id,
          url: `/v1/uploads/${id}`,
          bytes,
          expiresAt: new Date(world.effects.now() + 3_600_000).toISOString(),
        };
      }),
    receiveUpload: (id) => world.io('builder.receiveUpload', () => void sources.add(id)),
    hasUpload: (id) => world.io('builder.hasUpload', () => sources.has(id)),
    removeSource: (id) => world.io('builder.removeSource', () => void sources.delete(id), true),
    dockerfiles: async () => undefined,
    end: (operation) =>
      world.io(
        'builder.end',
        () => {
          running.get(operation)?.stop();
          if (running.delete(operation)) ended.set(operation, 'stopped');
        },
        true,
      ),
    build: (request, log, signal) =>
      world.io('builder.build', () => {
        log('built');
        return build(request, signal);
      }),
  };
}
