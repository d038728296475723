/** The images of a spec, as the cluster pulls them and as they start. */
import type { Registry, RepositoryRef } from '../../ports/registry.ts';
import { repositoryOf } from '../../ports/rules/workloads/specs-apart.ts';
import type { WorkloadSpec } from '../../ports/workloads.ts';
import type { RenderImage, RenderImages } from './manifests/index.ts';

/** What the cluster pulls: repository and digest, such as `registry.example/berth/demo/web@sha256:...`. */
export type ImageReference = (repository: RepositoryRef, digest: string) => string;

/** @throws Problem image_unavailable */
export async function imagesOf(
  registry: Pick<Registry, 'resolve'>,
  imageReference: ImageReference,
  spec: WorkloadSpec,
): Promise<{ images: RenderImages; labels: Readonly<Record<string, Record<string, string>>> }> {
  const digests = [...new Set(spec.containers.map(({ digest }) => digest))];
  const found = await Promise.all(
    digests.map(async (digest) => {
      const { config } = await registry.resolve(repositoryOf(spec), digest);
      const { entrypoint, cmd, user, architecture, labels } = config;
      const image: RenderImage = {
        reference: imageReference(repositoryOf(spec), digest),
        entrypoint,
        cmd,
        ...(user !== undefined && { user }),
        ...(architecture !== undefined && { architecture }),
      };
      return { digest, image, labels };
    }),
  );
  return {
    images: Object.fromEntries(found.map(({ digest, image }) => [digest, image])),
    labels: Object.fromEntries(found.map(({ digest, labels }) => [digest, labels])),
  };
}
