/** Images of the registry in the engine: loaded when they are to run, found again by their digest. */
import type { Readable } from 'node:stream';
import type { RepositoryRef } from '../../ports/registry.ts';
import { type Engine, isGone } from './engine.ts';

export interface EngineImages {
  /** Loads the image unless the engine has it. @returns the name by which the engine knows it */
  ensure(engine: Engine, repository: RepositoryRef, digest: string): Promise<string>;
  /** Removes it, unless a container still has it. */
  forget(engine: Engine, digest: string): Promise<void>;
}

/** @param archive the image as `docker save` writes it, under the name */
export function createEngineImages(
  instanceId: string,
  archive: (repository: RepositoryRef, digest: string, name: string) => Promise<Readable>,
): EngineImages {
  const loading = new Map<string, Promise<string>>();
  // Both engines take a name with a host as it is: Podman would put docker.io before any other.
  const nameOf = (digest: string): string =>
    `localhost/berth-${instanceId}:${digest.slice('sha256:'.length)}`;

  async function load(engine: Engine, repository: RepositoryRef, digest: string): Promise<string> {
    const name = nameOf(digest);
    try {
      await engine.call('GET', `/images/${name}/json`);
      return name;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    await engine.call('POST', '/images/load', {
      tar: await archive(repository, digest, name),
      timeoutMs: 0,
    });
    await engine.call('GET', `/images/${name}/json`);
    return name;
  }

  return {
    ensure(engine, repository, digest) {
      const present = loading.get(digest);
      if (present) return present;
      const loaded = load(engine, repository, digest).finally(() => loading.delete(digest));
      loading.set(digest, loaded);
      return loaded;
    },
    async forget(engine, digest) {
      await engine.call('DELETE', `/images/${nameOf(digest)}`).catch(() => undefined);
    },
  };
}
