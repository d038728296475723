/** A registry in memory: what images say of themselves, without their content. */
import {
  digestOf,
  parseReference,
  readSignatures,
  signatureTag,
} from '../../../functions/adapters/oci/image.ts';
import { NAME_PATTERN } from '../../../functions/core/names.ts';
import { Problem } from '../../../functions/core/problem.ts';
import type { Registry, RepositoryRef } from '../../../functions/ports/registry.ts';
import type { World } from '../world.ts';

interface Repository {
  /** Labels of images, by digest. */
  images: Map<string, Record<string, string>>;
  tags: Map<string, string>;
  /** Texts of manifests and what they name, by digest. */
  blobs: Map<string, string>;
}

export interface SimulatedRegistry extends Registry {
  push(repository: RepositoryRef, content: string, tags?: string[]): Promise<string>;
  /** Somebody pushes an image that is known by its digest alone. */
  upload(repository: RepositoryRef, digest: string): void;
  /** It has had an image for long, and a version has that. */
  hold(repository: RepositoryRef, digest: string): void;
  has(repository: RepositoryRef, digest: string): boolean;
  /** It was pushed since it was removed last, or never: there may be no version yet. */
  isPushed(repository: RepositoryRef, digest: string): boolean;
  put(repository: RepositoryRef, tag: string, manifest: string, blobs: readonly string[]): Promise<void>;
}

const unavailable = (): Problem =>
  new Problem('image_unavailable', 'There is no such image.', { hint: 'Push it.' });

function nameOf({ project, service }: RepositoryRef): string {
  for (const name of [project, service])
    if (!NAME_PATTERN.test(name) || name.endsWith('\n')) throw new TypeError(`${name} is no name`);
  return `${project}/${service}`;
}

const hash = (text: string): string => digestOf(Buffer.from(text));

/**
 * @param everywhere digests that every repository has
 * @param onRemove is told of each image that is removed
 */
export function createSimulatedRegistry(
  world: World,
  everywhere: readonly string[] = [],
  onRemove: (repository: RepositoryRef, digest: string) => void = () => undefined,
): SimulatedRegistry {
  const repositories = new Map<string, Repository>();
  const pushed = new Set<string>();

  function ensure(ref: RepositoryRef): Repository {
    const name = nameOf(ref);
    const repository = repositories.get(name) ?? {
      images: new Map(everywhere.map((digest) => [digest, {}])),
      tags: new Map(),
      blobs: new Map(),
    };
    repositories.set(name, repository);
    return repository;
  }

  function resolve(ref: RepositoryRef, reference: string) {
    const name = nameOf(ref);
    const wanted = parseReference([name], reference);
    const found = repositories.get(name);
    if (!wanted || !found) throw unavailable();
    const digest = 'imageDigest' in wanted ? wanted.imageDigest : (found.tags.get(wanted.imageTag) ?? '');
    const labels = found.images.get(digest);
    if (!labels) throw unavailable();
    return { digest, size: 1000, config: { entrypoint: [], cmd: [], env: {}, workingDir: '/', labels } };
  }

  const hold = (ref: RepositoryRef, digest: string): void => void ensure(ref).images.set(digest, {});
  const { io } = world;
  return {
    hold,
    ensureRepository: (ref) => io('registry.ensure', () => void ensure(ref), true),
    removeRepository: (ref) => io('registry.remove', () => void repositories.delete(nameOf(ref)), true),
    removeImage: (ref, digest) =>
      io(
        'registry.removeImage',
        () => {
          const { images, tags } = repositories.get(nameOf(ref)) ?? {};
          onRemove(ref, digest);
          pushed.delete(`${nameOf(ref)}@${digest}`);
          images?.delete(digest);
          for (const [tag, of] of tags ?? [])
            if (of === digest || tag === signatureTag(digest)) tags?.delete(tag);
        },
        true,
      ),
    resolve: (ref, reference) => io('registry.resolve', () => resolve(ref, reference)),
    findings: async () => undefined,
    async signatures(ref, digest) {
      const repository = repositories.get(nameOf(ref));
      const manifest = repository?.blobs.get(repository.tags.get(signatureTag(digest)) ?? '');
      if (manifest === undefined) return [];
      return readSignatures(manifest, async (layer) => {
        const blob = repository?.blobs.get(layer);
        return blob === undefined ? undefined : Buffer.from(blob);
      });
    },
    list: (ref) => io('registry.list', () => [...(repositories.get(nameOf(ref))?.images.keys() ?? [])]),
    async push(ref, content, tags = []) {
      const { images, tags: known } = ensure(ref);
      const digest = hash(content);
      images.set(digest, { test: content });
      for (const tag of tags) known.set(tag, digest);
      return digest;
    },
    upload(ref, digest) {
      hold(ref, digest);
      pushed.add(`${nameOf(ref)}@${digest}`);
    },
    has: (ref, digest) => repositories.get(nameOf(ref))?.images.has(digest) === true,
    isPushed: (ref, digest) => pushed.has(`${nameOf(ref)}@${digest}`),
    async put(ref, tag, manifest, blobs) {
      const repository = ensure(ref);
      for (const text of [manifest, ...blobs]) repository.blobs.set(hash(text), text);
      repository.tags.set(tag, hash(manifest));
    },
  };
}
