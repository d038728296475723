/**
 * Images in Moto's ECR. Moto keeps manifests and no layers, so that what `GetDownloadUrlForLayer` answers, and what
 * the URL leads to, is played here.
 */
import { createHash } from 'node:crypto';
import { type ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import type { Outcome, ProxyRequest } from '../faults.ts';

export interface PushedImage {
  /** The part of an image's configuration that is used. */
  config: { Entrypoint?: string[]; Cmd?: string[]; Labels?: Record<string, string> };
  /** What its one layer holds. */
  content: string;
  tags: string[];
}

export interface ImageStore {
  /** What becomes of a request for a layer; undefined for all others. @param url of the proxy */
  answer(request: ProxyRequest, url: string): Outcome | undefined;
  /** Keeps content for those who ask for its digest. */
  keep(content: string): void;
  /** @returns the digest of the manifest */
  push(client: ECRClient, repositoryName: string, image: PushedImage): Promise<string>;
}

export const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const MEDIA_TYPE = 'application/vnd.oci.image.manifest.v1+json';

export function createImageStore(): ImageStore {
  const blobs = new Map<string, string>();

  const keep = (content: string): void => void blobs.set(digestOf(content), content);
  const describe = (text: string, type: string) => {
    keep(text);
    return { mediaType: `application/vnd.oci.image.${type}`, digest: digestOf(text), size: text.length };
  };

  return {
    answer({ action, path, body }, url) {
      if (path.startsWith('/blobs/')) return { status: 200, body: blobs.get(path.slice(7)) ?? '' };
      if (action !== 'GetDownloadUrlForLayer') return undefined;
      const { layerDigest } = JSON.parse(body.toString()) as { layerDigest: string };
      return { status: 200, body: JSON.stringify({ downloadUrl: `${url}/blobs/${layerDigest}` }) };
    },

    keep,

    async push(client, repositoryName, { config, content, tags }) {
      const rootfs = { type: 'layers', diff_ids: [] };
      const text = JSON.stringify({ architecture: 'arm64', os: 'linux', config, rootfs });
      const imageManifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPE,
        config: describe(text, 'config.v1+json'),
        layers: [describe(content, 'layer.v1.tar+gzip')],
      });
      const imageDigest = digestOf(imageManifest);
      for (const imageTag of [imageDigest.slice(7, 19), ...tags])
        await client
          .send(new PutImageCommand({ repositoryName, imageManifest, imageDigest, imageTag }))
          .catch((error: Error) => {
            if (error.name !== 'ImageAlreadyExistsException') throw error;
          });
      return imageDigest;
    },
  };
}
