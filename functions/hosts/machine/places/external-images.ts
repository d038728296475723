/** Versions of images that others keep: pulled once, into the service's own repository. */
import type { Containers } from '../../../adapters/containers/containers.ts';
import type { OciLayout } from '../../../adapters/local/registry/registry.ts';
import { BASE_LABEL, OWN_BASE, type Registry } from '../../../ports/registry.ts';

/** A name with a path, a tag or a digest behind it, which a tag or a digest alone is not. */
const FOREIGN = /^(?!sha256:)[a-z0-9][a-z0-9._/:-]*[/:@][\w.:/@-]+$/i;

/**
 * From then on the image is the digest that it had, whatever its tag names later.
 * @param containers pulls it; what others keep is refused where absent
 */
export function withExternalImages(registry: OciLayout, containers: Containers | undefined): Registry {
  if (!containers) return registry;
  return {
    ...registry,
    resolve(repository, reference) {
      const own = `${repository.project}/${repository.service}`;
      const isOwn = !FOREIGN.test(reference) || reference.split(/[:@]/)[0] === own;
      if (isOwn) return registry.resolve(repository, reference);
      const labels = { [BASE_LABEL]: OWN_BASE };
      return containers.pull(reference, (archive) => registry.takeArchive(repository, archive, { labels }));
    },
  };
}
