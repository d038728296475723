/**
 * Images in any registry that speaks the OCI distribution protocol. It is read and deleted from, never written:
 * whoever builds the images pushes them. A repository comes to be with its first image.
 */
import { isName } from '../../core/names.ts';
import { Problem } from '../../core/problem.ts';
import { BASE_LABEL, type Image, NO_BASE, type Registry, type RepositoryRef } from '../../ports/registry.ts';
import {
  digestOf,
  MANIFEST_MEDIA_TYPES,
  type Manifest,
  notOfRepository,
  parseReference,
  readConfig,
  readManifest,
  readSignatures,
  repositoryName,
  signatureTag,
} from './image.ts';
import { createRegistryHttp, type RegistryAnswer, type RegistryConnection } from './registry-http.ts';

export interface OciRegistryOptions extends RegistryConnection {
  /** What every repository's name starts with, without a slash at its end; may be empty. */
  prefix: string;
  now(): number;
}

/** Where there are several images, this one tells how the program starts; all of them are of one program. */
const ARCHITECTURES = ['amd64', 'arm64', 'arm', '386', 'ppc64le', 's390x', 'riscv64'];
/** What is only read from takes nothing. */
const COPY =
  'Copy it to the repository of this service, such as by "skopeo copy --all docker://<image> docker://<repository>:<tag>", then name its tag.';
const PAGE = 100;
/** So many tags are looked up at the same time. */
const PARALLEL = 8;

interface Found {
  digest: string;
  text: string;
}

export function createOciRegistry(options: OciRegistryOptions): Registry {
  const { prefix } = options;
  const http = createRegistryHttp(options, options.now);
  const { host } = new URL(options.url);

  const nameOf = (repository: RepositoryRef): string => {
    if (!isName(repository.project) || !isName(repository.service))
      throw unavailable('the repository has no such name');
    return repositoryName(prefix, repository);
  };

  async function readDocument(name: string, reference: string): Promise<Found> {
    const path = `/${name}/manifests/${reference}`;
    const answer = await http.send({ method: 'GET', path, accept: MANIFEST_MEDIA_TYPES });
    if (answer.status !== 200) throw refused(answer);
    const digest = digestOf(answer.body);
    if (reference.startsWith('sha256:') && digest !== reference) throw unavailable('its manifest is damaged');
    return { digest, text: Buffer.from(answer.body).toString() };
  }

  /** The manifest of an index that stands for all. */
  async function readImage(name: string, document: Found): Promise<Manifest> {
    const found = readManifest(document.text, ...ARCHITECTURES);
    if (!found) throw unavailable('its manifest is none of an image for Linux');
    if ('manifest' in found) return found.manifest;
    const one = readManifest((await readDocument(name, found.next)).text);
    if (!one || 'next' in one) throw unavailable('its manifest is none of an image for Linux');
    return one.manifest;
  }

  async function tagsOf(name: string): Promise<string[]> {
    const tags: string[] = [];
    for (let path: string | undefined = `/${name}/tags/list?n=${PAGE}`; path !== undefined; ) {
      const answer: RegistryAnswer = await http.send({ method: 'GET', path });
      if (answer.status === 404) return [];
      if (answer.status !== 200) throw refused(answer);
      tags.push(...readTags(answer.body));
      path = nextPage(answer.headers.get('link'), name);
    }
    return tags;
  }

  /** Digests by tag. A tag that went away meanwhile is left out. */
  async function tagged(name: string): Promise<Map<string, string>> {
    const digests = new Map<string, string>();
    const tags = await tagsOf(name);
    const worker = async (): Promise<void> => {
      for (let tag = tags.pop(); tag !== undefined; tag = tags.pop()) {
        const { digest } = await readDocument(name, tag).catch((error: unknown) => {
          if (error instanceof Problem && error.code === 'image_unavailable') return { digest: undefined };
          throw error;
        });
        if (digest !== undefined) digests.set(tag, digest);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    return digests;
  }

  /** Its tags go with it. @returns false where the registry deletes nothing, or nothing for Berth */
  async function remove(name: string, digest: string): Promise<boolean> {
    const answer = await http.send({ method: 'DELETE', path: `/${name}/manifests/${digest}` });
    if (answer.status === 405 || answer.status === 403) return false;
    if (![200, 202, 404].includes(answer.status)) throw refused(answer);
    return true;
  }

  return {
    async ensureRepository(repository) {
      nameOf(repository);
    },

    /** What no tag names can not be found by the protocol. */
    async removeRepository(repository) {
      const name = nameOf(repository);
      for (const digest of new Set((await tagged(name)).values())) if (!(await remove(name, digest))) return;
    },

    async removeImage(repository, digest) {
      const name = nameOf(repository);
      const path = `/${name}/manifests/${signatureTag(digest)}`;
      const signature = await http.send({ method: 'GET', path, accept: MANIFEST_MEDIA_TYPES });
      if (signature.status === 200) await remove(name, digestOf(signature.body));
      else if (signature.status !== 404) throw refused(signature);
      await remove(name, digest);
    },

    async resolve(repository, reference): Promise<Image> {
      const name = nameOf(repository);
      const { project, service } = repository;
      const names = [`${host}/${name}`, name, `${project}/${service}`];
      const id = parseReference(names, reference);
      if (!id) throw notOfRepository(reference, COPY);
      const document = await readDocument(name, 'imageTag' in id ? id.imageTag : id.imageDigest);
      const { config, layers } = await readImage(name, document);
      const answer = await http.send({ method: 'GET', path: `/${name}/blobs/${config.digest}` });
      if (answer.status !== 200) throw refused(answer);
      const read = readConfig(answer.body, config.digest);
      if (!read) throw unavailable('its configuration is damaged');
      if (Object.hasOwn(read.labels, BASE_LABEL) && read.labels[BASE_LABEL] === NO_BASE) throw noSystem();
      return { digest: document.digest, config: read, size: layers.reduce((sum, { size }) => sum + size, 0) };
    },

    /** The protocol tells of no scans. */
    async findings(repository) {
      nameOf(repository);
      return undefined;
    },

    async signatures(repository, digest) {
      const name = nameOf(repository);
      const path = `/${name}/manifests/${signatureTag(digest)}`;
      const answer = await http.send({ method: 'GET', path, accept: MANIFEST_MEDIA_TYPES });
      if (answer.status === 404) return [];
      if (answer.status !== 200) throw refused(answer);
      return readSignatures(Buffer.from(answer.body).toString(), async (layer) => {
        const blob = await http.send({ method: 'GET', path: `/${name}/blobs/${layer}` });
        return blob.status === 200 ? blob.body : undefined;
      });
    },

    list: async (repository) => [...new Set((await tagged(nameOf(repository))).values())],
  };
}

function readTags(body: Uint8Array): string[] {
  try {
    const { tags } = JSON.parse(Buffer.from(body).toString()) as { tags?: unknown };
    return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
  } catch {
    throw unavailable("the repository's list of tags is damaged");
  }
}

/** From `Link: </v2/demo/web/tags/list?last=a&n=100>; rel="next"`; only within the same list. */
function nextPage(link: string | null, name: string): string | undefined {
  const [, target = ''] = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? '') ?? [];
  const { pathname, search } = new URL(target, 'http://registry.invalid');
  return pathname === `/v2/${name}/tags/list` && search !== '' ? `/${name}/tags/list${search}` : undefined;
}

function refused({ status }: RegistryAnswer): Problem {
  if (status === 404) return unavailable('there is none in its repository');
  if (status === 403) return unavailable('the registry does not let Berth read it (403)');
  return unavailable(`the registry answered ${status}`);
}

const unavailable = (why: string): Problem =>
  new Problem('image_unavailable', `The image can not be had: ${why}.`, {
    hint: 'Push it to the repository of this service, then name its digest or tag.',
  });

const noSystem = (): Problem =>
  new Problem(
    'image_unavailable',
    'The image can not be used on a cluster: it was built for one machine and holds no operating system.',
    { hint: 'Build it with a Dockerfile or buildpacks, for example in CI, push it, and name that one.' },
  );
