/** Images in ECR, a repository per service. Tags can not be moved there, and pushed images are scanned. */
import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeImageScanFindingsCommand,
  type ECRClient,
  GetDownloadUrlForLayerCommand,
  ListImagesCommand,
  PutImageCommand,
  PutLifecyclePolicyCommand,
} from '@aws-sdk/client-ecr';
import { severities } from '../../core/guardrails/policy-types.ts';
import { isName } from '../../core/names.ts';
import { Problem, TransientError } from '../../core/problem.ts';
import type { Image, Registry, RepositoryRef } from '../../ports/registry.ts';
import {
  DOCUMENT_MAX_BYTES,
  MANIFEST_MEDIA_TYPES,
  notOfRepository,
  parseReference,
  readConfig,
  readManifest,
  readSignatures,
  repositoryName,
  signatureTag,
} from '../oci/image.ts';
import { LIFECYCLE } from './registry-rules.ts';
import { sent, unless } from './sdk-errors.ts';

export interface EcrOptions {
  client: ECRClient;
  /** The account. */
  registryId: string;
  /** What every repository's name starts with, without a slash at its end. */
  prefix: string;
  /** The registry's host, which full references may start with. */
  host?: string;
  /** Of an image for several, the first of these that it is for counts; default `arm64` alone. */
  architectures?: readonly string[];
}

/** A build has a machine that pulls and pushes; whoever answers a request has none. */
const TAKE =
  'Name it in the score.yaml of a source and build that: the build copies it into the repository of the service. Or push it there.';
const NO_REPOSITORY = 'RepositoryNotFoundException';
/** Why an image is not removed although nothing is wrong: it is gone, or part of another one. */
const NOT_REMOVED: readonly string[] = ['ImageNotFound', 'ImageReferencedByManifestList'];
const DOWNLOAD_TIMEOUT_MS = 15_000;

export function createEcrRegistry(options: EcrOptions): Registry {
  const { client, registryId, prefix, host, architectures = ['arm64'] } = options;

  const target = (repository: RepositoryRef) => {
    if (!isName(repository.project) || !isName(repository.service))
      throw unavailable('the repository has no such name');
    return { registryId, repositoryName: repositoryName(prefix, repository) };
  };

  async function download(repository: RepositoryRef, digest: string, size: number): Promise<Uint8Array> {
    if (size > DOCUMENT_MAX_BYTES) throw unavailable('its configuration is too large');
    const command = new GetDownloadUrlForLayerCommand({ ...target(repository), layerDigest: digest });
    const { downloadUrl = '' } =
      (await unless(['LayersNotFoundException', 'LayerInaccessibleException'], client.send(command))) ?? {};
    if (downloadUrl === '') throw unavailable('its configuration is missing');
    try {
      const signal = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
      const response = await fetch(downloadUrl, { signal, redirect: 'error' });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return await response.bytes();
    } catch (error) {
      throw new TransientError('The configuration of an image could not be read.', { cause: error });
    }
  }

  async function resolve(
    repository: RepositoryRef,
    id: { imageDigest: string } | { imageTag: string },
  ): Promise<Image> {
    const command = new BatchGetImageCommand({
      ...target(repository),
      imageIds: [id],
      acceptedMediaTypes: MANIFEST_MEDIA_TYPES,
    });
    const image = (await unless([NO_REPOSITORY], client.send(command)))?.images?.[0];
    const digest = image?.imageId?.imageDigest;
    if (image?.imageManifest === undefined || digest === undefined)
      throw unavailable('there is none in its repository');
    const found = readManifest(image.imageManifest, ...architectures);
    if (!found) throw unavailable(`its manifest is none of an image for ${architectures.join(' or ')}`);
    // Digests can not form a circle.
    if ('next' in found) return resolve(repository, { imageDigest: found.next });
    const { config, layers } = found.manifest;
    const read = readConfig(await download(repository, config.digest, config.size), config.digest);
    if (!read) throw unavailable('its configuration is damaged');
    if (read.architecture !== undefined && !architectures.includes(read.architecture))
      throw unavailable(`it is for ${read.architecture}, and nodes are ${architectures.join(' or ')}`);
    return { digest, config: read, size: layers.reduce((sum, { size }) => sum + size, 0) };
  }

  return {
    async ensureRepository(repository) {
      const command = new CreateRepositoryCommand({
        ...target(repository),
        imageTagMutability: 'IMMUTABLE',
        imageScanningConfiguration: { scanOnPush: true },
        tags: [
          { Key: 'berth', Value: 'repository' },
          { Key: 'berth:project', Value: repository.project },
          { Key: 'berth:service', Value: repository.service },
        ],
      });
      await unless(['RepositoryAlreadyExistsException'], client.send(command));
      // The template of the registry counts for what a push makes, and not for what is made by this call.
      const rules = new PutLifecyclePolicyCommand({
        ...target(repository),
        lifecyclePolicyText: JSON.stringify(LIFECYCLE),
      });
      await sent(client.send(rules));
    },

    async keep(repository, digest) {
      const ids = new BatchGetImageCommand({
        ...target(repository),
        imageIds: [{ imageDigest: digest }],
        acceptedMediaTypes: MANIFEST_MEDIA_TYPES,
      });
      const image = (await unless([NO_REPOSITORY], client.send(ids)))?.images?.[0];
      if (image?.imageManifest === undefined) throw unavailable('there is none in its repository');
      const command = new PutImageCommand({
        ...target(repository),
        imageManifest: image.imageManifest,
        ...(image.imageManifestMediaType && { imageManifestMediaType: image.imageManifestMediaType }),
        imageTag: `berth-${digest.slice('sha256:'.length)}`,
      });
      await unless(['ImageAlreadyExistsException', 'ImageTagAlreadyExistsException'], client.send(command));
    },

    async removeRepository(repository) {
      const command = new DeleteRepositoryCommand({ ...target(repository), force: true });
      await unless([NO_REPOSITORY], client.send(command));
    },

    async removeImage(repository, digest) {
      const command = new BatchDeleteImageCommand({
        ...target(repository),
        imageIds: [{ imageDigest: digest }, { imageTag: signatureTag(digest) }],
      });
      const { failures = [] } = (await unless([NO_REPOSITORY], client.send(command))) ?? {};
      // The images of an index stay with it; when it has gone, the rules of the repository expire them.
      const failed = failures.find(({ failureCode = '' }) => !NOT_REMOVED.includes(failureCode));
      if (failed) throw new TransientError(`An image could not be removed: ${failed.failureCode}.`);
    },

    async resolve(repository, reference) {
      const { project, service } = repository;
      const name = target(repository).repositoryName;
      const names = [name, `${project}/${service}`];
      if (host !== undefined) names.push(`${host}/${name}`);
      const id = parseReference(names, reference);
      if (!id) throw notOfRepository(reference, TAKE);
      return resolve(repository, id);
    },

    async findings(repository, digest) {
      const command = new DescribeImageScanFindingsCommand({
        ...target(repository),
        imageId: { imageDigest: digest },
        maxResults: 1,
      });
      const absent = ['ScanNotFoundException', 'ImageNotFoundException', NO_REPOSITORY];
      const answer = await unless(absent, client.send(command));
      const { findingSeverityCounts, imageScanCompletedAt } = answer?.imageScanFindings ?? {};
      const found = new Map<string, number>(Object.entries(findingSeverityCounts ?? {}));
      // ACTIVE is what enhanced scanning says, which looks again and again.
      const isDone = ['COMPLETE', 'ACTIVE'].includes(answer?.imageScanStatus?.status ?? '');
      if (!isDone || !imageScanCompletedAt) return undefined;
      const pairs = severities.map((severity) => [severity, found.get(severity.toUpperCase()) ?? 0]);
      return { scannedAt: imageScanCompletedAt.toISOString(), counts: Object.fromEntries(pairs) };
    },

    async signatures(repository, digest) {
      const command = new BatchGetImageCommand({
        ...target(repository),
        imageIds: [{ imageTag: signatureTag(digest) }],
        acceptedMediaTypes: MANIFEST_MEDIA_TYPES,
      });
      const image = (await unless([NO_REPOSITORY], client.send(command)))?.images?.[0];
      if (image?.imageManifest === undefined) return [];
      return readSignatures(image.imageManifest, (layer, size) => download(repository, layer, size));
    },

    async list(repository) {
      const digests = new Set<string>();
      let nextToken: string | undefined;
      do {
        const request = { ...target(repository), ...(nextToken === undefined ? {} : { nextToken }) };
        const page = await unless([NO_REPOSITORY], client.send(new ListImagesCommand(request)));
        for (const { imageDigest } of page?.imageIds ?? []) if (imageDigest) digests.add(imageDigest);
        nextToken = page?.nextToken;
      } while (nextToken !== undefined);
      return [...digests];
    },
  };
}

const unavailable = (why: string): Problem =>
  new Problem('image_unavailable', `The image can not be had: ${why}.`, {
    hint: 'Push it to the repository of this service, then name its digest or tag.',
  });
