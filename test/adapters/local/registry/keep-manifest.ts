/** Puts a manifest into an OCI layout on disk, written as any tool writes them. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RegistrySubject } from '../../../contracts/registry.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

export async function keepManifest(
  directory: string,
  ...[{ project, service }, tag, manifest, blobs]: Parameters<RegistrySubject['keep']>
): Promise<void> {
  const root = join(directory, project, service);
  for (const text of [manifest, ...blobs]) writeFileSync(join(root, 'blobs/sha256', hash(text)), text);
  const index = JSON.parse(readFileSync(join(root, 'index.json'), 'utf8'));
  index.manifests.push({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${hash(manifest)}`,
    size: manifest.length,
    annotations: { 'org.opencontainers.image.ref.name': tag },
  });
  writeFileSync(join(root, 'index.json'), JSON.stringify(index));
}
