/** Builds that compile nothing: they take their time, and some of them fail. */

import { limits } from '../../../functions/core/limits.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { Builder, BuildRequest } from '../../../functions/ports/builder.ts';
import type { World } from '../world.ts';

export interface Built {
  digest: string;
  /** Text of the Score file. */
  score: string;
}

export function createSimulatedBuilder(world: World, built: (service: string) => Built): Builder {
  const sources = new Set<string>();
  /** The project of each build that runs. */
  const running = new Map<string, string>();
  let ids = 0;
  // Builds run in the process that began them.
  world.onDeath.push(() => running.clear());

  async function build({ repository, operation, source }: BuildRequest, signal: AbortSignal) {
    const { project, service } = repository;
    if (source.kind === 'upload' && !sources.has(source.id))
      world.violate(`The source of build ${operation} is gone before it has ended`);
    running.set(operation, project);
    const ofProject = [...running.values()].filter((one) => one === project).length;
    const isTooMany =
      ofProject > limits.buildsAtOnceOfProject.value || running.size > limits.buildsAtOnce.value;
    // A clock that jumps ends the time for which a build has its place.
    if (isTooMany && !world.fates.happened.some(({ fault }) => fault === 'jump'))
      world.violate(`I12: ${ofProject} builds of ${project} run at once, ${running.size} in all`);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 2_000 + world.random.below(90_000));
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    running.delete(operation);
    if (signal.aborted) throw new Problem('canceled', 'It was stopped.', { hint: 'Build it again.' });
    if (world.random.chance(0.2))
      throw new Problem('build_failed', 'It does not compile.', { hint: 'Mend it.' });
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
    build: (request, log, signal) =>
      world.io('builder.build', () => {
        log('built');
        return build(request, signal);
      }),
  };
}
