/**
 * The registry over ECR, as moto has it. Moto keeps no layers' contents: what GetDownloadUrlForLayer answers
 * comes from a proxy before it, and so do the contents.
 */
import { createHash } from 'node:crypto';
import {
  ECRClient,
  PutImageCommand,
  PutImageTagMutabilityCommand,
  StartImageScanCommand,
} from '@aws-sdk/client-ecr';
import { expect, it } from 'vitest';
import { createEcrRegistry } from '../../../functions/adapters/aws/registry.ts';
import { registryContract } from '../../contracts/registry.ts';
import { startProxy } from './proxy.ts';
import { clientOptions, withMoto } from './support.ts';

const ACCOUNT = '123456789012';
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

await withMoto((url) => {
  registryContract('ECR', async () => {
    const blobs = new Map<string, string>();
    const proxy = await startProxy(url, ({ action, path, body }) => {
      if (path.startsWith('/blobs/')) return { status: 200, body: blobs.get(path.slice(7)) ?? '' };
      if (action !== 'GetDownloadUrlForLayer') return 'forward';
      const { layerDigest } = JSON.parse(body.toString()) as { layerDigest: string };
      return { status: 200, body: JSON.stringify({ downloadUrl: `${proxy.url}/blobs/${layerDigest}` }) };
    });
    const client = new ECRClient(clientOptions(proxy.url));
    const registry = createEcrRegistry({ client, registryId: ACCOUNT, prefix: 'berth' });
    let last: Promise<unknown> = Promise.resolve();

    return {
      registry,
      push(repository, content, tags = []) {
        const config = JSON.stringify({
          architecture: 'arm64',
          os: 'linux',
          config: { Cmd: ['x'], Labels: { test: content } },
          rootfs: { type: 'layers', diff_ids: [] },
        });
        const layer = `layer of ${content}`;
        for (const blob of [config, layer]) blobs.set(digestOf(blob), blob);
        const mediaType = 'application/vnd.oci.image.manifest.v1+json';
        const describe = (text: string, type: string) => ({
          mediaType: `application/vnd.oci.image.${type}`,
          digest: digestOf(text),
          size: text.length,
        });
        const imageManifest = JSON.stringify({
          schemaVersion: 2,
          mediaType,
          config: describe(config, 'config.v1+json'),
          layers: [describe(layer, 'layer.v1.tar+gzip')],
        });
        const imageDigest = digestOf(imageManifest);
        const turn = last.then(async () => {
          await registry.ensureRepository(repository);
          const repositoryName = `berth/${repository.project}/${repository.service}`;
          const mutability = (imageTagMutability: 'MUTABLE' | 'IMMUTABLE') =>
            client.send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability }));
          // The contract moves tags, which the repositories that Berth makes refuse.
          await mutability('MUTABLE');
          for (const imageTag of [imageDigest.slice(7, 19), ...tags])
            await client
              .send(new PutImageCommand({ repositoryName, imageManifest, imageDigest, imageTag }))
              .catch((error: Error) => {
                if (error.name !== 'ImageAlreadyExistsException') throw error;
              });
          await mutability('IMMUTABLE');
          return imageDigest;
        });
        last = turn.catch(() => undefined);
        return turn;
      },
      async keep({ project, service }, imageTag, imageManifest, contents) {
        for (const content of contents) blobs.set(digestOf(content), content);
        const repositoryName = `berth/${project}/${service}`;
        await client.send(new PutImageCommand({ repositoryName, imageManifest, imageTag }));
      },
      async dispose() {
        client.destroy();
        await proxy.stop();
      },
    };
  });

  it('tells what the scan of an image found, once it is complete', async () => {
    const client = new ECRClient(clientOptions(url()));
    const registry = createEcrRegistry({ client, registryId: ACCOUNT, prefix: 'berth' });
    const repository = { project: 'scanned', service: 'web' };
    await registry.ensureRepository(repository);
    const repositoryName = 'berth/scanned/web';
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('c'), size: 1 };
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
    const { image } = await client.send(
      new PutImageCommand({ repositoryName, imageManifest, imageTag: 'v1' }),
    );
    const imageDigest = image?.imageId?.imageDigest ?? '';
    expect(await registry.findings(repository, imageDigest)).toBeUndefined();
    await client.send(new StartImageScanCommand({ repositoryName, imageId: { imageDigest } }));
    const findings = await registry.findings(repository, imageDigest);
    expect(findings?.scannedAt).toMatch(/^20\d\d-/);
    expect(Object.keys(findings?.counts ?? {})).toEqual(['critical', 'high', 'medium', 'low']);
    expect(Object.values(findings?.counts ?? {}).some((count) => count > 0)).toBe(true);
    expect(await registry.findings(repository, `sha256:${'0'.repeat(64)}`)).toBeUndefined();
  });
});
