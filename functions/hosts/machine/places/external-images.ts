/** Versions of images that others keep: pulled once, into the service's own repository. */
import type { Containers } from '../../../adapters/containers/containers.ts';
import type { OciLayout } from '../../../adapters/local/registry/registry.ts';
import { DIGEST_PATTERN, TAG_PATTERN } from '../../../adapters/oci/image.ts';
import { readExternalImage } from '../../../core/source/external-image.ts';
import { BASE_LABEL, OWN_BASE, type Registry } from '../../../ports/registry.ts';

/**
 * From then on the image is the digest that it had, whatever its tag names later.
 * @param containers pulls it; what others keep is refused where absent
 */
export function withExternalImages(registry: OciLayout, containers: Containers | undefined): Registry {
  if (!containers) return registry;
  return {
    ...registry,
    async resolve(repository, reference, credentials) {
      const own = `${repository.project}/${repository.service}`;
      const isOwn =
        DIGEST_PATTERN.test(reference) || TAG_PATTERN.test(reference) || reference.split(/[:@]/)[0] === own;
      const external = isOwn ? undefined : readExternalImage(reference);
      if (!external) return registry.resolve(repository, reference);
      const known = await credentials?.();
      const credential = known?.find((one) => one.registry === external.registry);
      const labels = { [BASE_LABEL]: OWN_BASE };
      const image = await containers.pull(
        external.name,
        (archive) => registry.takeArchive(repository, archive, { labels }),
        credential,
      );
      return { ...image, takenFrom: external.name };
    },
  };
}
