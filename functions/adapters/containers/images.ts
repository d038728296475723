/** Images of the registry in the engine: loaded when they are to run, found again by their digest. */
import type { Readable } from 'node:stream';
import { limits } from '../../core/limits.ts';
import type { RepositoryRef } from '../../ports/registry.ts';
import { type Engine, isGone } from './engine.ts';

export interface EngineImages {
  /** Loads the image unless the engine has it. @returns the name by which the engine knows it */
  ensure(engine: Engine, repository: RepositoryRef, digest: string): Promise<string>;
  /** Says that the engine has the image by another name, which it may lose. */
  adopt(engine: Engine, name: string, digest: string): Promise<void>;
}

interface Listed {
  RepoTags?: string[] | null;
  Created: number;
}

/** @param archive the image as `docker save` writes it, under the name */
export function createEngineImages(
  instanceId: string,
  archive: (repository: RepositoryRef, digest: string, name: string) => Promise<Readable>,
): EngineImages {
  // Both engines take a name with a host as it is: Podman would put docker.io before any other.
  const repositoryName = `localhost/berth-${instanceId}`;
  const loading = new Map<string, Promise<string>>();
  /** Names in the order in which they were asked for last. */
  const used = new Map<string, number>();
  let count = 0;
  const use = (name: string): void => void used.set(name, ++count);
  const tagOf = (digest: string): string => digest.slice('sha256:'.length);
  const nameOf = (digest: string): string => `${repositoryName}:${tagOf(digest)}`;

  /** All can be loaded again, so that only those used last stay. One that a container has is refused. */
  async function trim(engine: Engine): Promise<void> {
    const listed = await engine.call<Listed[]>('GET', '/images/json');
    const own = listed.flatMap(({ RepoTags, Created }) =>
      (RepoTags ?? [])
        .filter((name) => name.startsWith(`${repositoryName}:`))
        .map((name) => ({ name, used: used.get(name) ?? 0, made: Created })),
    );
    const old = own
      .toSorted((one, other) => other.used - one.used || other.made - one.made)
      .slice(limits.containerImages.value);
    for (const { name } of old) await engine.call('DELETE', `/images/${name}`).catch(() => undefined);
  }

  async function load(engine: Engine, repository: RepositoryRef, digest: string): Promise<string> {
    const name = nameOf(digest);
    try {
      await engine.call('GET', `/images/${name}/json`);
      return name;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    const tar = await archive(repository, digest, name);
    await engine.call('POST', '/images/load', { tar, timeoutMs: 0 });
    await engine.call('GET', `/images/${name}/json`);
    await trim(engine).catch(() => undefined);
    return name;
  }

  return {
    ensure(engine, repository, digest) {
      use(nameOf(digest));
      const present = loading.get(digest);
      if (present) return present;
      const loaded = load(engine, repository, digest).finally(() => loading.delete(digest));
      loading.set(digest, loaded);
      return loaded;
    },
    async adopt(engine, name, digest) {
      use(nameOf(digest));
      await engine.call('POST', `/images/${name}/tag`, {
        query: { repo: repositoryName, tag: tagOf(digest) },
      });
      await trim(engine).catch(() => undefined);
    },
  };
}
