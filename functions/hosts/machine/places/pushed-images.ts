/** Images of this machine for clusters: each is pushed to the registry that they pull from when it is first used there. */
import type { OciLayout } from '../../../adapters/local/registry/registry.ts';
import { repositoryName } from '../../../adapters/oci/image.ts';
import { pushImage } from '../../../adapters/oci/push-image.ts';
import { readRegistryAuth } from '../../../adapters/oci/registry-auth.ts';
import { createRegistryHttp, type RegistryHttp } from '../../../adapters/oci/registry-http.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { Registry } from '../../../ports/registry.ts';
import type { PlacesConfig } from '../config/config.ts';

export function pushedImages(
  layout: Pick<OciLayout, 'resolve' | 'stored'>,
  { registry }: PlacesConfig,
  { now }: Effects,
): Pick<Registry, 'resolve'> {
  const there = new Set<string>();
  let connecting: Promise<RegistryHttp> | undefined;

  async function connect(): Promise<RegistryHttp> {
    const { url, authFile } = registry;
    const { host } = new URL(url);
    const credentials = authFile === undefined ? undefined : await readRegistryAuth(authFile, host);
    return createRegistryHttp({ url, ...(credentials && { credentials }) }, now);
  }

  return {
    async resolve(repository, reference) {
      const image = await layout.resolve(repository, reference);
      const name = repositoryName(registry.prefix, repository);
      const key = `${name}@${image.digest}`;
      if (there.has(key)) return image;
      connecting ??= connect();
      const http = await connecting.catch((error: unknown) => {
        connecting = undefined;
        throw error;
      });
      await pushImage(http, name, image.digest, await layout.stored(repository, image.digest));
      there.add(key);
      return image;
    },
  };
}
