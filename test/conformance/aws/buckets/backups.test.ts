/** Backups over S3, as moto has it. */
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { createBackupObjects } from '../../../../functions/adapters/aws/backups.ts';
import { backupsContract } from '../../../contracts/copies/backups.ts';
import { awsError, type Outcome, startProxy } from '../../support/faults.ts';
import { clientOptions, withMoto } from '../support.ts';

const BUCKET = 'backups';
const MEBIBYTE = 1024 ** 2;

await withMoto((url) => {
  async function open(fault: (path: string) => Outcome = () => 'forward') {
    const proxy = await startProxy(url, ({ path }) => fault(path));
    const s3 = new S3Client({ ...clientOptions(proxy.url), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET })).catch((error: Error) => {
      if (!/AlreadyExists|AlreadyOwned/.test(error.name)) throw error;
    });
    return {
      s3,
      backups: createBackupObjects({ s3, bucket: BUCKET }),
      async dispose() {
        s3.destroy();
        await proxy.stop();
      },
    };
  }

  backupsContract('S3', open);

  async function* mebibytes(count: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < count; at++) yield Buffer.alloc(MEBIBYTE, at);
  }

  it('What is larger than a part is kept whole, in order, though answers are lost', async () => {
    let lost = 0;
    const { backups, dispose } = await open((path) =>
      path.includes('uploadId') && lost++ % 2 === 0 ? 'lose' : 'forward',
    );
    expect(await backups.write('demo/dev/large', mebibytes(21))).toBe(21 * MEBIBYTE);
    const content = await backups.read('demo/dev/large');
    const found = Buffer.concat(await Array.fromAsync(content ?? []));
    expect(found.equals(Buffer.concat(await Array.fromAsync(mebibytes(21))))).toBe(true);
    expect(lost).toBeGreaterThan(4);
    await dispose();
  });

  it('What breaks off in a later part leaves the backup before it, and no parts', async () => {
    const { s3, backups, dispose } = await open((path) =>
      path.includes('partNumber=2') ? awsError(403, 'AccessDenied') : 'forward',
    );
    await backups.write('demo/dev/broken', mebibytes(1));
    await expect(backups.write('demo/dev/broken', mebibytes(20))).rejects.toThrow();
    const content = await backups.read('demo/dev/broken');
    expect(Buffer.concat(await Array.fromAsync(content ?? [])).length).toBe(MEBIBYTE);
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    expect(Uploads).toEqual([]);
    await dispose();
  });

  it('An address gives the backup to whoever has it, and there is none for what is not there', async () => {
    const { backups, dispose } = await open();
    await backups.write('demo/dev/linked', mebibytes(1));
    const answer = await fetch((await backups.link('demo/dev/linked')) ?? '');
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(MEBIBYTE);
    expect(await backups.link('demo/dev/none')).toBeUndefined();
    await dispose();
  });
});
