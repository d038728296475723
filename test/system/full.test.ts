/** A full disk over HTTP: told as what it is, nothing that was accepted is lost, and it works again with room. */

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startBerth, type TestBerth } from '../support/berth.ts';
import { program } from '../support/programs.ts';

const SIZE = 12 * 2 ** 20;
const disk = await mkdtemp(join(tmpdir(), 'berth-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', disk]).status === 0;
if (!mounted) await rm(disk, { recursive: true });

const BASE = '/v1/projects/shop';
const DEPLOYMENTS = `${BASE}/environments/dev/services/web/deployments`;

describe.skipIf(!mounted)('A full disk', () => {
  let subject: TestBerth;
  let version: string;

  beforeAll(async () => {
    subject = await startBerth({ parent: disk });
    await subject.api('POST', '/v1/projects', { name: 'shop' });
    await subject.api('POST', `${BASE}/services`, { name: 'web' });
    await subject.operation('POST', `${BASE}/environments`, { name: 'dev' });
    const built = await subject.operation('POST', `${BASE}/services/web/builds`, await program('one'));
    version = built.result.version;
    await subject.operation('POST', DEPLOYMENTS, { version });
  });

  afterAll(async () => {
    await free();
    await subject?.close();
    spawnSync('umount', ['-l', disk]);
    await rm(disk, { recursive: true, force: true });
  });

  const filler = join(disk, 'filler');
  const fill = async (): Promise<void> => {
    for (let free = 1; free > 0; ) {
      const { bavail, bsize } = await statfs(disk);
      free = bavail * bsize;
      await writeFile(filler, Buffer.alloc(Math.max(free, 1)), { flag: 'a' }).catch(() => undefined);
    }
  };
  const free = () => rm(filler, { force: true });

  it('refuses what would have to be kept with 507, and goes on serving', async () => {
    await fill();
    const answers = await Promise.all([
      subject.api('POST', '/v1/projects', { name: 'more' }),
      subject.api('POST', DEPLOYMENTS, { version }),
      subject.api('PUT', `${BASE}/environments/dev/secrets/KEY`, { value: 'a-secret-value' }),
      subject.api('POST', `${BASE}/services/web/builds`, await program('two')),
    ]);
    for (const { status, body } of answers) {
      expect({ status, code: body.code }).toEqual({ status: 507, code: 'storage_full' });
      expect(body.hint).toMatch(/space|room/);
    }
    expect((await subject.workload('web.dev.shop.localhost')).text).toBe('one');
    expect((await subject.api('GET', `${DEPLOYMENTS}/1`)).body).toMatchObject({ status: 'succeeded' });
    await free();
    expect((await subject.api('GET', '/v1/projects')).body.items).toHaveLength(1);
    expect((await subject.api('GET', `${BASE}/environments/dev/secrets`)).body.items).toEqual([]);
    expect((await subject.api('POST', '/v1/projects', { name: 'more' })).status).toBe(201);
  });

  it('in the middle of an operation leaves none that does not end, and one number to each', async () => {
    const accepted: string[] = [];
    for (const delay of [0, 20, 60, 120, 200, 300]) {
      const { body } = await subject.api('POST', DEPLOYMENTS, { version });
      accepted.push(body.operation?.id ?? body.id);
      await new Promise((resolve) => setTimeout(resolve, delay));
      await fill();
      await new Promise((resolve) => setTimeout(resolve, 400));
      await free();
    }
    const ended: Json[] = [];
    for (const id of accepted) ended.push(await subject.waitFor(id));
    for (const { status, error } of ended) {
      if (status !== 'succeeded') expect(error.hint).toMatch(/\S/);
    }
    expect((await subject.workload('web.dev.shop.localhost')).text).toBe('one');
    expect(await subject.operation('POST', DEPLOYMENTS, { version })).toMatchObject({
      status: 'succeeded',
      result: { number: accepted.length + 2 },
    });
  });
});
