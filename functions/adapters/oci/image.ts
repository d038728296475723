/** Names of images, and what a manifest and its configuration say; all that is read is checked. */

import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { ImageSignature } from '../../core/guardrails/signatures.ts';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import { readExternalImage } from '../../core/source/external-image.ts';
import type { ImageConfig, RepositoryRef } from '../../ports/registry.ts';

export const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;
export const TAG_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * @param names what the repository may be called in a full reference
 * @returns undefined when it names nothing in this repository. Where a digest is given, it alone counts.
 * @example parseReference(['demo/web'], 'demo/web:1.2') // { imageTag: '1.2' }
 */
export function parseReference(
  names: readonly string[],
  reference: string,
): { imageDigest: string } | { imageTag: string } | undefined {
  if (DIGEST_PATTERN.test(reference)) return { imageDigest: reference };
  if (TAG_PATTERN.test(reference)) return { imageTag: reference };
  const name = names.find((one) => reference.startsWith(one));
  if (name === undefined) return undefined;
  const rest = /^(?::([^@]*))?(?:@(.*))?$/s.exec(reference.slice(name.length));
  if (!rest) return undefined;
  const [, tag, digest] = rest;
  if (tag !== undefined && !TAG_PATTERN.test(tag)) return undefined;
  if (digest === undefined) return { imageTag: tag ?? 'latest' };
  return DIGEST_PATTERN.test(digest) ? { imageDigest: digest } : undefined;
}

/**
 * The refusal of a reference that names nothing in the repository.
 * @param help what to do where the image is one of another registry
 */
export function notOfRepository(reference: string, help: string): Problem {
  const other = readExternalImage(reference);
  if (other)
    return new Problem(
      'image_unavailable',
      `The image can not be had: ${other.name} is in another registry, from which none are taken here.`,
      { hint: help },
    );
  return new Problem(
    'image_unavailable',
    'The image can not be had: that is no tag, digest or reference of this repository.',
    { hint: 'Push it to the repository of this service, then name its digest or tag.' },
  );
}

/** The name within a registry, or within what of it the prefix names; a prefix may be empty. */
export const repositoryName = (prefix: string, { project, service }: RepositoryRef): string =>
  [prefix, project, service].filter((part) => part !== '').join('/');

/** Media types of the manifest of an image, and of an index for several architectures. */
export const MANIFEST_MEDIA_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** A manifest or a configuration is never near this, bytes. */
export const DOCUMENT_MAX_BYTES = limits.imageDocument.value;

export const digestOf = (data: Uint8Array): string =>
  `sha256:${createHash('sha256').update(data).digest('hex')}`;

const descriptor = z.object({
  digest: z.string().regex(DIGEST_PATTERN),
  size: z.number().int().nonnegative(),
  platform: z.object({ architecture: z.string(), os: z.string() }).optional(),
});
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });
const index = z.object({ manifests: z.array(descriptor) });

const strings = z.record(z.string(), z.string());
const config = z.object({
  architecture: z.string().max(64).optional(),
  config: z
    .object({
      Entrypoint: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      Env: z.array(z.string()).nullish(),
      WorkingDir: z.string().nullish(),
      Labels: strings.nullish(),
      User: z.string().max(256).nullish(),
    })
    .optional(),
});

export type Manifest = z.infer<typeof manifest>;

/**
 * An image's manifest, or the digest of the one for an architecture where there are several.
 * @param architectures the first that there is counts
 */
export function readManifest(
  text: string,
  ...architectures: string[]
): { manifest: Manifest } | { next: string } | undefined {
  const document = parsed(text);
  const one = manifest.safeParse(document);
  if (one.success) return { manifest: one.data };
  const manifests = index.safeParse(document).data?.manifests ?? [];
  const fit = architectures
    .map((wanted) =>
      manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === wanted),
    )
    .find((found) => found !== undefined);
  return fit && { next: fit.digest };
}

/** @returns undefined when it is no image configuration, or not the one of this digest */
export function readConfig(data: Uint8Array, digest: string): ImageConfig | undefined {
  if (digestOf(data) !== digest) return undefined;
  const document = config.safeParse(parsed(Buffer.from(data).toString()));
  if (!document.success) return undefined;
  const { Entrypoint, Cmd, Env, WorkingDir, Labels, User } = document.data.config ?? {};
  const { architecture } = document.data;
  const env = (Env ?? []).map((line): [string, string] => {
    const at = line.indexOf('=');
    return at === -1 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
  return {
    entrypoint: Entrypoint ?? [],
    cmd: Cmd ?? [],
    env: Object.fromEntries(env),
    workingDir: WorkingDir || '/',
    labels: Labels ?? {},
    ...(User && { user: User }),
    ...(architecture && { architecture }),
  };
}

/** Under which tag cosign keeps the signatures of an image. */
export const signatureTag = (digest: string): string => `${digest.replace(':', '-')}.sig`;

const SIGNATURE = 'dev.cosignproject.cosign/signature';
/** What is signed is a few hundred bytes. */
const PAYLOAD_MAX_BYTES = 64 * 1024;
/** At most so many signatures of one image are read. */
const SIGNATURES_MAX = limits.imageSignatures.value;
const signed = z.object({
  layers: z.array(
    z.object({ digest: z.string().regex(DIGEST_PATTERN), size: z.number(), annotations: strings.nullish() }),
  ),
});

/**
 * The signatures that a manifest of cosign tells of, each with what was signed.
 * @param read the content of a layer; undefined when it is not there. It is checked here.
 */
export async function readSignatures(
  manifestText: string,
  read: (digest: string, size: number) => Promise<Uint8Array | undefined>,
): Promise<ImageSignature[]> {
  const layers = signed.safeParse(parsed(manifestText)).data?.layers ?? [];
  const found: ImageSignature[] = [];
  for (const { digest, size, annotations } of layers.slice(0, SIGNATURES_MAX)) {
    const signature = annotations?.[SIGNATURE];
    if (signature === undefined || size > PAYLOAD_MAX_BYTES) continue;
    const payload = await read(digest, size);
    if (payload && digestOf(payload) === digest) found.push({ payload, signature });
  }
  return found;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
