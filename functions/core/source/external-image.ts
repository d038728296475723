/** Images that others keep: their names as Docker reads them, and the one that a workload names. */
import { Problem } from '../problem.ts';
import type { ScoreWorkload } from '../score/workload.ts';

export interface ExternalImage {
  /** Host of the registry, with its port if it has one. */
  registry: string;
  /** In full, with one of tag and digest: `docker.io/library/nginx:1.27`. */
  name: string;
}

const HOST = /^(?=.{1,253}$)(?:[a-z0-9]+(?:(?:\.|-+)[a-z0-9]+)*)(?::\d{1,5})?$/;
const PATH = /^(?=.{1,255}$)[a-z0-9]+(?:(?:\.|_{1,2}|-+|\/)[a-z0-9]+)*$/;
const REST = /^(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;
const DOCKER_HUB = 'docker.io';
const OF_DOCKER_HUB = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io']);

/** Docker Hub has several names, of which this is the one in use. */
export const registryHost = (host: string): string => {
  const low = host.toLowerCase();
  return OF_DOCKER_HUB.has(low) ? DOCKER_HUB : low;
};

/** Whether it is the host of a registry, with a port or without; `localhost` alone is where an engine keeps what is its own. */
export const isRegistryHost = (text: string): boolean =>
  HOST.test(text) && (text.includes('.') || text.includes(':'));

/**
 * @param text as `docker pull` takes it: `nginx` is `docker.io/library/nginx:latest`
 * @returns undefined where it is not the name of an image in a registry
 */
export function readExternalImage(text: string): ExternalImage | undefined {
  // A digest alone is of the repository that is meant anyway.
  if (text.startsWith('sha256:')) return undefined;
  const slash = text.indexOf('/');
  const first = slash === -1 ? '' : text.slice(0, slash);
  // The first part is a host where it could be no folder of Docker Hub.
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost';
  const registry = registryHost(isHost ? first : DOCKER_HUB);
  const behind = isHost ? text.slice(slash + 1) : text;
  const end = behind.search(/[:@]/);
  const path = end === -1 ? behind : behind.slice(0, end);
  const [matched, tag, digest] = REST.exec(end === -1 ? '' : behind.slice(end)) ?? [];
  if (matched === undefined || !PATH.test(path) || !isRegistryHost(registry)) return undefined;
  const repository = registry === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path;
  // Where a digest is given, it alone counts.
  const which = digest === undefined ? `:${tag ?? 'latest'}` : `@${digest}`;
  return { registry, name: `${registry}/${repository}${which}` };
}

/** `.` and a digest alone are of the version itself. */
const isOwn = (image: string): boolean => image === '.' || image.startsWith('sha256:');

const several = (named: readonly (readonly [string, string])[]): Problem => {
  const list = named.map(([container, image]) => `"${image}" in "${container}"`).join(', ');
  return new Problem('image_unavailable', `The containers name several images: ${list}. A version has one.`, {
    hint: 'Make a service of each image, with a Score file of its own; they reach each other by a resource of the type service.',
  });
};

/**
 * What a version of the workload is made of: its own image, or the one that others keep and all of its containers name.
 * @returns the workload with `.` in the place of that image, which is then the version's own
 * @throws Problem image_unavailable where there are several, or what is named is in no registry
 */
export function externalImage(workload: ScoreWorkload): {
  workload: ScoreWorkload;
  image?: ExternalImage;
} {
  const containers = Object.entries(workload.containers);
  if (containers.every(([, { image }]) => isOwn(image))) return { workload };
  const read = containers.map(([name, { image }]) => {
    const found = isOwn(image) ? undefined : readExternalImage(image);
    if (isOwn(image) || found) return { name, image, found };
    throw new Problem(
      'image_unavailable',
      `Container "${name}" asks for the image "${image}", which is the name of none in a registry.`,
      {
        hint: 'Write image: . for what is built of the source, or a name such as docker.io/library/nginx:1.27.',
      },
    );
  });
  const [{ found: image } = { found: undefined }] = read;
  if (!image || read.some(({ found }) => found?.name !== image.name))
    throw several(read.map((each) => [each.name, each.image] as const));
  const own = containers.map(([name, container]) => [name, { ...container, image: '.' }] as const);
  return { workload: { ...workload, containers: Object.fromEntries(own) }, image };
}
