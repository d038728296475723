/** A program with Redis on a Berth as `npm start` runs it: deployed, asleep, awake, rotated, killed, gone. */
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
if (missing) console.log('A program with Redis skipped: redis-server is not here');

/** Counts in Redis by its protocol, on one connection that it keeps. */
const SERVER = `
import { createServer } from 'node:http';
import { connect } from 'node:net';
const url = new URL(process.env.REDIS_URL);
const waiting = [];
const send = (...words) => new Promise((resolve) => {
  waiting.push(resolve);
  socket.write('*' + words.length + '\\r\\n' + words.map((word) => '$' + word.length + '\\r\\n' + word + '\\r\\n').join(''));
});
const socket = connect(Number(url.port), url.hostname);
socket.on('data', (data) => {
  for (const line of String(data).split('\\r\\n').filter(Boolean)) waiting.shift()?.(line);
});
socket.on('error', () => process.exit(1)).on('close', () => process.exit(1));
await send('AUTH', url.username, decodeURIComponent(url.password));
createServer(async (request, response) => {
  const said = await send('INCR', 'hits');
  response.end(url.username + ' ' + said + ' ' + (process.env.REDIS_PASSWORD === decodeURIComponent(url.password)));
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;
const SCORE = `
apiVersion: score.dev/v1b1
metadata:
  name: hits
service:
  ports:
    www:
      port: 80
containers:
  web:
    image: .
    variables:
      REDIS_URL: \${resources.cache.url}
      REDIS_PASSWORD: \${resources.cache.password}
resources:
  cache:
    type: redis
`;

describe.skipIf(missing)('A program with Redis', { timeout: 120_000 }, () => {
  const makeDirectory = temporaryDirectories();
  const directory = makeDirectory();
  const environment = '/v1/projects/demo/environments/dev';
  let port: number;
  let berth: BerthChild;
  const succeeded = (operation: Json): Json => {
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
    return operation;
  };
  const hit = async (): Promise<string> => (await askWorkload(port, 'hits.dev.demo.localhost', '/')).text;

  beforeAll(async () => {
    port = await freePort();
    berth = await startChild(directory, port);
    await berth.api('POST', '/v1/projects', { name: 'demo' });
    await berth.api('POST', '/v1/projects/demo/services', { name: 'hits' });
    succeeded(await berth.operation('POST', '/v1/projects/demo/environments', { name: 'dev' }));
  });
  afterAll(async () => void (await berth?.kill('SIGTERM')));

  it('reaches it by the URL of its resource', async () => {
    const files = {
      'server.mjs': SERVER,
      'score.yaml': SCORE,
      'package.json':
        '{"name":"hits","version":"1.0.0","private":true,"scripts":{"start":"node server.mjs"}}',
    };
    const built = await berth.operation(
      'POST',
      '/v1/projects/demo/services/hits/builds',
      await archive(files),
    );
    const { version } = succeeded(built).result;
    succeeded(await berth.operation('POST', `${environment}/services/hits/deployments`, { version }));
    expect(await hit()).toBe('app :1 true');
    const { body } = await berth.api('GET', `${environment}/resources`);
    expect(body.items).toMatchObject([
      { type: 'redis', outputs: ['host', 'password', 'port', 'url', 'username'] },
    ]);
  });

  it('keeps its data while its environment sleeps, where no server runs', async () => {
    succeeded(await berth.operation('POST', `${environment}/hibernate`));
    const running = spawnSync('pgrep', ['-f', `^redis-server 127.0.0.1:`])
      .stdout.toString()
      .trim()
      .split('\n');
    const [server = ''] = readdirSync(join(directory, 'redis'));
    expect(running).not.toContain(readFileSync(join(directory, 'redis', server, 'pid'), 'utf8').trim());
    expect(await hit()).toBe('app :2 true');
  });

  it('goes on with a new password once it was rotated', async () => {
    const state = async () => (await berth.api('GET', environment)).body.state;
    await expect.poll(state, { timeout: 20_000 }).toBe('ready');
    const uid = 'redis.default#hits.cache';
    succeeded(await berth.operation('POST', `${environment}/resources/rotate`, { uid }));
    expect(await hit()).toBe('app-b :3 true');
  });

  it('goes on where Berth was killed and started again', async () => {
    await berth.kill('SIGKILL');
    berth = await startChild(directory, port);
    await expect.poll(hit, { timeout: 30_000 }).toBe('app-b :4 true');
  });

  it('leaves nothing when its environment goes', async () => {
    succeeded(await berth.operation('DELETE', environment));
    expect(readdirSync(join(directory, 'redis'))).toEqual([]);
  });
});

it.runIf(missing)('is skipped where redis-server is absent', () => undefined);
