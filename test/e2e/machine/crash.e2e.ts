import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BerthChild, freePort, spawnBerth, startChild } from '../../support/process.ts';
import { program } from '../../support/programs.ts';
import { askWorkload } from '../../support/workload.ts';

const BASE = '/v1/projects/shop';
const DEPLOYMENTS = `${BASE}/environments/dev/services/web/deployments`;
const HOST = 'web.dev.shop.localhost';

let directory: string;
let berth: BerthChild;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-crash-'));
  berth = await startChild(directory, await freePort());
  await berth.api('POST', '/v1/projects', { name: 'shop' });
  await berth.api('POST', `${BASE}/services`, { name: 'web' });
});

afterEach(async () => {
  await berth.kill('SIGTERM');
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

const restart = async (): Promise<void> => {
  berth = await startChild(directory, await freePort());
};

/** Processes on this machine that carry the mark of this Berth. */
async function marked(): Promise<string[]> {
  const id = (await readFile(join(directory, 'instance-id'), 'utf8')).trim();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')] as const),
  );
  return environments.filter(([, text]) => text.includes(`BERTH_WORKLOAD=${id}/`)).map(([pid]) => pid);
}

async function answers(text: string): Promise<void> {
  for (let got = ''; got !== text; await sleep(20)) {
    got = (await askWorkload(berth.port, HOST).catch(() => ({ text: '' }))).text;
  }
}

describe('After kill -9', () => {
  it('running deployments come up again, and no process of the life before is left', async () => {
    await berth.operation('POST', `${BASE}/environments`, { name: 'dev' });
    const { result } = await berth.operation('POST', `${BASE}/services/web/builds`, await program('one'));
    await berth.operation('POST', DEPLOYMENTS, { version: result.version });
    const before = await marked();
    expect(before).toHaveLength(1);
    await berth.kill('SIGKILL');
    await restart();
    await answers('one');
    const after = await marked();
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    await runIsInterrupted();
  });

  /** A command that runs is gone then, is not begun again, and says so. */
  async function runIsInterrupted(): Promise<void> {
    const command = ['node', '-e', 'console.log("begins"); setInterval(() => {}, 1000)'];
    const { body } = await berth.api('POST', `${BASE}/environments/dev/services/web/runs`, { command });
    const printed = async () => (await berth.api('GET', `/v1/operations/${body.id}/logs`)).body.items;
    while ((await printed()).length === 0) await sleep(20);
    await berth.kill('SIGKILL');
    await restart();
    expect(await berth.waitFor(body.id)).toMatchObject({
      status: 'failed',
      error: { code: 'run_interrupted' },
    });
    expect(await printed()).toHaveLength(1);
    await answers('one');
    expect(await marked()).toHaveLength(1);
  }

  it('at any moment of an operation, it ends: nothing accepted is lost (I1, I3)', async () => {
    await berth.operation('POST', `${BASE}/environments`, { name: 'dev' });
    const { result } = await berth.operation('POST', `${BASE}/services/web/builds`, await program('one'));
    let number = 0;
    // Moments from just after the acceptance to about the end of the rollout.
    for (const delay of [0, 5, 30, 80, 160]) {
      const accepted = await berth.api('POST', DEPLOYMENTS, { version: result.version });
      expect(accepted.status).toBe(202);
      number++;
      await sleep(delay);
      await berth.kill('SIGKILL');
      await restart();
      const operation = await berth.waitFor(accepted.body.operation?.id ?? accepted.body.id);
      expect(operation, `killed after ${delay} ms`).toMatchObject({
        status: 'succeeded',
        result: { number },
      });
      await answers('one');
    }
    const { body } = await berth.api('GET', `${BASE}/events?limit=200`);
    const succeeded = body.items.filter(({ type }: { type: string }) => type === 'deployment.succeeded');
    expect(succeeded.map(({ data }: { data: { number: number } }) => data.number).sort()).toEqual([
      1, 2, 3, 4, 5,
    ]);
  });

  it('in the middle of a build, the build is done again', async () => {
    const accepted = await berth.api('POST', `${BASE}/services/web/builds`, await program('one'));
    await berth.kill('SIGKILL');
    await restart();
    const operation = await berth.waitFor(accepted.body.operation?.id ?? accepted.body.id);
    expect(operation).toMatchObject({ status: 'succeeded' });
  });
});

describe('A data directory', () => {
  it('is refused to a second Berth, with the reason and what to do', async () => {
    const second = spawnBerth(directory, await freePort());
    const code = await new Promise((resolve) => second.child.once('exit', resolve));
    expect(code).not.toBe(0);
    expect(second.output()).toContain(`${berth.child.pid}`);
    expect(second.output()).toMatch(/Next: \S/);
    expect((await berth.api('GET', '/v1/me')).status).toBe(200);
  });
});

describe('SIGTERM', () => {
  it('given to npm start reaches Berth, which stops in order', async () => {
    const own = await mkdtemp(join(tmpdir(), 'berth-npm-'));
    const port = await freePort();
    const started = spawnBerth(own, port, ['npm', 'start']);
    const isUp = () =>
      fetch(`http://127.0.0.1:${port}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await isUp())) await sleep(50);
    started.child.kill('SIGTERM');
    while (await isUp()) await sleep(50);
    for (; !started.output().includes('SIGTERM: stopping'); await sleep(50));
    await rm(own, { recursive: true, force: true });
  });

  it('stops everything that was started, and ends with 0', async () => {
    await berth.operation('POST', `${BASE}/environments`, { name: 'dev' });
    const { result } = await berth.operation('POST', `${BASE}/services/web/builds`, await program('one'));
    await berth.operation('POST', DEPLOYMENTS, { version: result.version });
    expect(await marked()).toHaveLength(1);
    expect(await berth.kill('SIGTERM')).toBe(0);
    expect(await marked()).toEqual([]);
  });
});
