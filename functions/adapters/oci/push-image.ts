/** Copies an image into another registry, unchanged, so that its digest is the same there. */
import { Problem } from '../../core/problem.ts';
import type { RegistryAnswer, RegistryHttp } from './registry-http.ts';

export interface StoredImage {
  manifest: { mediaType: string; document: Uint8Array<ArrayBuffer> };
  /** Its configuration and its layers. */
  blobs: readonly { digest: string; open(): ReadableStream }[];
}

/** One layer may take so long, milliseconds. */
const UPLOAD_MS = 10 * 60_000;

const refused = (name: string, { status }: RegistryAnswer): Problem =>
  new Problem(
    'image_unavailable',
    `The image could not be pushed to ${name}: the registry answered ${status}.`,
    {
      hint: 'See that the repository exists there, and that the credentials of the registry may push to it.',
    },
  );

/** The path of an upload that the registry has begun. */
function placeOf(name: string, answer: RegistryAnswer): string {
  const location = answer.headers.get('location');
  if (location === null) throw refused(name, answer);
  const { pathname, search } = new URL(location, 'http://registry.invalid');
  return pathname.replace(/^\/v2/, '') + search;
}

/**
 * What is there already is not sent again.
 * @param name of the repository
 * @throws Problem unavailable | image_unavailable
 */
export async function pushImage(
  http: RegistryHttp,
  name: string,
  digest: string,
  { manifest, blobs }: StoredImage,
): Promise<void> {
  const accept = [manifest.mediaType];
  const path = `/${name}/manifests/${digest}`;
  if ((await http.send({ method: 'HEAD', path, accept })).status === 200) return;
  for (const { digest: blob, open } of blobs) {
    if ((await http.send({ method: 'HEAD', path: `/${name}/blobs/${blob}` })).status === 200) continue;
    const begun = await http.send({ method: 'POST', path: `/${name}/blobs/uploads/` });
    if (begun.status !== 202) throw refused(name, begun);
    const body = { mediaType: 'application/octet-stream', open };
    const sent = await http.send({ method: 'PATCH', path: placeOf(name, begun), body, timeoutMs: UPLOAD_MS });
    if (sent.status !== 202) throw refused(name, sent);
    const end = placeOf(name, sent);
    const ended = await http.send({
      method: 'PUT',
      path: `${end}${end.includes('?') ? '&' : '?'}digest=${encodeURIComponent(blob)}`,
    });
    if (ended.status !== 201) throw refused(name, ended);
  }
  const put = await http.send({
    method: 'PUT',
    path,
    body: { mediaType: manifest.mediaType, open: () => manifest.document },
  });
  if (put.status !== 201) throw refused(name, put);
}
