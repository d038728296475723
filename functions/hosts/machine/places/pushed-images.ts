/** Images of this machine for clusters: each is pushed to the registry that they pull from when it is first used there. */
import type { OciLayout } from '../../../adapters/local/registry/registry.ts';
import { repositoryName } from '../../../adapters/oci/image.ts';
import { pushImage } from '../../../adapters/oci/push-image.ts';
import { createOciRegistry } from '../../../adapters/oci/registry.ts';
import { readRegistryAuth } from '../../../adapters/oci/registry-auth.ts';
import { createRegistryHttp, type RegistryHttp } from '../../../adapters/oci/registry-http.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Registry, RepositoryRef } from '../../../ports/registry.ts';
import type { PlacesConfig } from '../config/config.ts';

export type PushedImages = Pick<Registry, 'resolve' | 'removeImage' | 'removeRepository'>;

interface Connected {
  http: RegistryHttp;
  images: Registry;
}

export function pushedImages(
  layout: Pick<OciLayout, 'resolve' | 'stored'>,
  { registry }: PlacesConfig,
  { now }: Effects,
): PushedImages {
  const there = new Set<string>();
  let connecting: Promise<Connected> | undefined;

  async function open(): Promise<Connected> {
    const { url, authFile, prefix } = registry;
    const { host } = new URL(url);
    const credentials = authFile === undefined ? undefined : await readRegistryAuth(authFile, host);
    const connection = { url, ...(credentials && { credentials }) };
    return {
      http: createRegistryHttp(connection, now),
      images: createOciRegistry({ ...connection, prefix, now }),
    };
  }

  function connect(): Promise<Connected> {
    connecting ??= open();
    return connecting.catch((error: unknown) => {
      connecting = undefined;
      throw error;
    });
  }

  const nameOf = (repository: RepositoryRef): string => repositoryName(registry.prefix, repository);

  return {
    async resolve(repository, reference) {
      const image = await layout.resolve(repository, reference);
      const name = nameOf(repository);
      const key = `${name}@${image.digest}`;
      if (there.has(key)) return image;
      const { http } = await connect();
      await pushImage(http, name, image.digest, await layout.stored(repository, image.digest));
      there.add(key);
      return image;
    },

    async removeImage(repository, digest) {
      there.delete(`${nameOf(repository)}@${digest}`);
      await (await connect()).images.removeImage(repository, digest);
    },

    async removeRepository(repository) {
      for (const key of there) if (key.startsWith(`${nameOf(repository)}@`)) there.delete(key);
      await (await connect()).images.removeRepository(repository);
    },
  };
}

/** The registry of the machine, where what is removed goes from that other one first. */
export const withPushedImages = (registry: Registry, pushed: PushedImages | undefined): Registry =>
  pushed
    ? {
        ...registry,
        async removeImage(repository, digest) {
          await pushed.removeImage(repository, digest);
          await registry.removeImage(repository, digest);
        },
        async removeRepository(repository) {
          await pushed.removeRepository(repository);
          await registry.removeRepository(repository);
        },
      }
    : registry;
