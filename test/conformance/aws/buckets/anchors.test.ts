/** Anchors over S3 with Object Lock, as moto has it. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { createS3Anchors } from '../../../../functions/adapters/aws/anchors.ts';
import { anchorsContract } from '../../../contracts/anchors.ts';
import { clientOptions, withMoto } from '../support.ts';

const BUCKET = 'anchors';

await withMoto((url) => {
  let client: S3Client | undefined;

  async function open() {
    if (!client) {
      client = new S3Client({ ...clientOptions(url()), forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
      const Rule = { DefaultRetention: { Mode: 'GOVERNANCE' as const, Days: 365 } };
      const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const, Rule };
      await client.send(new PutObjectLockConfigurationCommand({ Bucket: BUCKET, ObjectLockConfiguration }));
    }
    const s3 = client;
    return createS3Anchors({
      client: () => s3,
      bucket: BUCKET,
      onError: (error) => expect.unreachable(String(error)),
    });
  }

  anchorsContract('S3', open);

  it('what was kept can not be removed', async () => {
    const anchors = await open();
    anchors.note('locked', { number: 1, hash: 'h'.repeat(43), at: '2026-01-01T00:00:00.000Z' });
    await anchors.flush();
    const listed = await client!.send(
      new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: 'anchors/locked/' }),
    );
    const [{ Key, VersionId } = {}] = listed.Versions ?? [];
    await expect(
      client!.send(new DeleteObjectCommand({ Bucket: BUCKET, Key, VersionId })),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
