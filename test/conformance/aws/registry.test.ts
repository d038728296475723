/**
 * The registry over ECR, as moto has it. Moto keeps no layers' contents: what GetDownloadUrlForLayer answers
 * comes from a proxy before it, and so do the contents.
 */
import {
  DescribeImagesCommand,
  ECRClient,
  GetLifecyclePolicyCommand,
  PutImageCommand,
  PutImageTagMutabilityCommand,
  StartImageScanCommand,
} from '@aws-sdk/client-ecr';
import { expect, it } from 'vitest';
import { createEcrRegistry } from '../../../functions/adapters/aws/registry.ts';
import type { LIFECYCLE } from '../../../functions/adapters/aws/registry-rules.ts';
import { registryContract } from '../../contracts/registry.ts';
import { createImageStore, digestOf } from '../support/aws/ecr.ts';
import { startProxy } from '../support/faults.ts';
import { clientOptions, withMoto } from './support.ts';

const ACCOUNT = '123456789012';

await withMoto((url) => {
  registryContract('ECR', async () => {
    const images = createImageStore();
    const proxy = await startProxy(url, (request) => images.answer(request, proxy.url) ?? 'forward');
    const client = new ECRClient(clientOptions(proxy.url));
    const registry = createEcrRegistry({ client, registryId: ACCOUNT, prefix: 'berth' });
    let last: Promise<unknown> = Promise.resolve();

    return {
      registry,
      push(repository, content, tags = []) {
        const turn = last.then(async () => {
          await registry.ensureRepository(repository);
          const repositoryName = `berth/${repository.project}/${repository.service}`;
          const mutability = (imageTagMutability: 'MUTABLE' | 'IMMUTABLE') =>
            client.send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability }));
          // The contract moves tags, which the repositories that Berth makes refuse.
          await mutability('MUTABLE');
          const config = { Cmd: ['x'], Labels: { test: content } };
          const digest = await images.push(client, repositoryName, {
            config,
            content: `layer of ${content}`,
            tags,
          });
          await mutability('IMMUTABLE');
          return digest;
        });
        last = turn.catch(() => undefined);
        return turn;
      },
      async keep({ project, service }, imageTag, imageManifest, contents) {
        for (const content of contents) images.keep(content);
        const repositoryName = `berth/${project}/${service}`;
        await client.send(new PutImageCommand({ repositoryName, imageManifest, imageTag }));
      },
      async dispose() {
        client.destroy();
        await proxy.stop();
      },
    };
  });

  it('removes by itself what has no tag, and nothing that is of a version: that is given one', async () => {
    const client = new ECRClient(clientOptions(url()));
    const registry = createEcrRegistry({ client, registryId: ACCOUNT, prefix: 'berth' });
    const repository = { project: 'kept', service: 'web' };
    const repositoryName = 'berth/kept/web';
    await registry.ensureRepository(repository);
    await registry.ensureRepository(repository);
    const { lifecyclePolicyText } = await client.send(new GetLifecyclePolicyCommand({ repositoryName }));
    const { rules } = JSON.parse(lifecyclePolicyText ?? '{}') as typeof LIFECYCLE;
    expect(rules.map(({ selection }) => selection.tagStatus)).toEqual(['untagged']);

    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('d'), size: 1 };
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const imageManifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
    const pushed = await client.send(new PutImageCommand({ repositoryName, imageManifest }));
    const digest = pushed.image?.imageId?.imageDigest ?? '';
    await registry.keep?.(repository, digest);
    await registry.keep?.(repository, digest);
    const { imageDetails } = await client.send(new DescribeImagesCommand({ repositoryName }));
    expect(imageDetails).toMatchObject([{ imageDigest: digest, imageTags: [`berth-${digest.slice(7)}`] }]);
    expect(await registry.list(repository)).toEqual([digest]);
    const absent = `sha256:${'0'.repeat(64)}`;
    await expect(registry.keep?.(repository, absent)).rejects.toMatchObject({ code: 'image_unavailable' });
    client.destroy();
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
