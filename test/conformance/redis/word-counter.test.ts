/** The example with a bucket, a queue and Redis, on a Berth as `npm start` runs it, without a container engine. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../support/client.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { type BerthChild, freePort, startChild } from '../../support/process.ts';
import { archive } from '../../support/programs.ts';
import { askWorkload } from '../../support/workload.ts';

const missing = spawnSync('redis-server', ['--version']).status !== 0;
if (missing) console.log('The word counter skipped: redis-server is not here');
const example = join(import.meta.dirname, '../../../examples/word-counter');

describe.skipIf(missing)('The word counter', { timeout: 180_000 }, () => {
  const makeDirectory = temporaryDirectories();
  const directory = makeDirectory();
  const environment = '/v1/projects/demo/environments/dev';
  let port: number;
  let berth: BerthChild;
  const succeeded = (operation: Json): Json => {
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
    return operation;
  };
  const ask = async (path: string, text?: string): Promise<Json> => {
    const { text: said } = await askWorkload(port, 'words.dev.demo.localhost', path, {
      ...(text !== undefined && { method: 'POST', body: text }),
    });
    return JSON.parse(said);
  };

  beforeAll(async () => {
    port = await freePort();
    berth = await startChild(directory, port);
    await berth.api('POST', '/v1/projects', { name: 'demo' });
    await berth.api('POST', '/v1/projects/demo/services', { name: 'words' });
    succeeded(await berth.operation('POST', '/v1/projects/demo/environments', { name: 'dev' }));
  });
  afterAll(async () => void (await berth?.kill('SIGTERM')));

  it('counts what it was sent, and has it again after its environment slept', async () => {
    const names = readdirSync(example).filter((name) => name !== 'node_modules');
    const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(example, name), 'utf8')]));
    const built = await berth.operation(
      'POST',
      '/v1/projects/demo/services/words/builds',
      await archive(files),
    );
    const { version } = succeeded(built).result;
    succeeded(await berth.operation('POST', `${environment}/services/words/deployments`, { version }));
    const count = async (text: string) => {
      const { id } = await ask('/texts', text);
      const words = async () => (await ask(`/texts/${id}`)).words;
      await expect.poll(words, { timeout: 60_000 }).toBe(text.split(' ').length);
      return words;
    };
    const first = await count('one two three');
    succeeded(await berth.operation('POST', `${environment}/hibernate`));
    expect(await first()).toBe(3);
    await count('four five');
  });

  it('leaves nothing when its environment goes', async () => {
    const state = async () => (await berth.api('GET', environment)).body.state;
    await expect.poll(state, { timeout: 60_000 }).toBe('ready');
    succeeded(await berth.operation('DELETE', environment));
    expect(readdirSync(join(directory, 'aws-apis'))).toEqual([]);
  });
});

it.runIf(missing)('is skipped where redis-server is absent', () => undefined);
