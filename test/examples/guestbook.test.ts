import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgres } from '../../functions/resources/postgres/postgres.ts';
import { openPorts, requestFor, type TestPorts } from '../resources/ports.ts';
import { temporaryDirectories } from '../support/files/temporary.ts';

const directory = join(import.meta.dirname, '../../examples/guestbook');
const makeDirectory = temporaryDirectories();
let ports: TestPorts;
let server: ChildProcess;
let output = '';
let base = '';
let databaseUrl = '';

const run = (script: string, env: Record<string, string> = {}): ChildProcess => {
  const { PATH } = process.env;
  return spawn(process.execPath, [script], {
    cwd: directory,
    env: { PATH, DATABASE_URL: databaseUrl, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
};

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const health = () =>
  fetch(`${base}/healthz`).then(
    ({ status }) => status,
    () => 0,
  );

beforeAll(async () => {
  ports = await openPorts(makeDirectory());
  const { secrets } = await postgres.provision(ports, requestFor({ type: 'postgres' }, { name: 'db' }));
  databaseUrl = (await ports.secrets.get(secrets.url?.secret ?? '')) ?? '';
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  server = run('server.js', { PORT: String(port), GREETING: 'Ahoy <b>' });
  server.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  for (let answer = 0; answer === 0; answer = await health()) {
    if (server.exitCode !== null) throw new Error('the guestbook ended');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
afterAll(async () => {
  server?.kill('SIGKILL');
  await ports.close();
});

const post = (body: string, type = 'application/json') =>
  fetch(`${base}/entries`, { method: 'POST', headers: { 'content-type': type }, body, redirect: 'manual' });
const FORM = 'application/x-www-form-urlencoded';

describe('guestbook', () => {
  it('is not healthy before the release command, then is; the command can run again and twice at once', async () => {
    expect(await health()).toBe(503);
    const runs = [run('migrate.js'), run('migrate.js')];
    expect(await Promise.all(runs.map((each) => once(each, 'exit')))).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(await health()).toBe(200);
  });

  it('takes entries as JSON and from its form, and shows them escaped', async () => {
    const created = await post(JSON.stringify({ author: 'Ada', message: 'Ahoy' }));
    expect(created.status).toBe(201);
    expect(await created.json()).toMatchObject({ author: 'Ada', message: 'Ahoy' });
    const fields = new URLSearchParams({ author: '"><i>', message: `<script>alert('1')</script>\r\n& more` });
    const sent = await post(fields.toString(), FORM);
    expect([sent.status, sent.headers.get('location')]).toEqual([303, '/']);

    const { items } = (await (await fetch(`${base}/entries`)).json()) as { items: Record<string, string>[] };
    expect(items.map(({ message }) => message)).toEqual([`<script>alert('1')</script>\n& more`, 'Ahoy']);
    const response = await fetch(base);
    const page = await response.text();
    expect(page).toContain('&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\n&amp; more');
    expect(page).toContain('&quot;&gt;&lt;i&gt;');
    expect(page).toContain('Ahoy &lt;b&gt;');
    expect(page).not.toMatch(/<script|<i>|<b>/);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it.each([
    ['{', 400],
    ['null', 400],
    ['[]', 400],
    ['{"message": 1}', 400],
    ['{"message": "  "}', 400],
    ['{"message": "a\\u0000b"}', 400],
    ['{"message": "a\\ud800"}', 400],
    ['{"message": "a\\u001b[31m"}', 400],
    [JSON.stringify({ message: 'x'.repeat(501) }), 400],
    [JSON.stringify({ author: 'x'.repeat(61), message: 'x' }), 400],
    [JSON.stringify({ message: 'x'.repeat(100_000) }), 413],
  ])('refuses %.40s', async (body, status) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/\.$/) });
  });

  it('shows the form again with what was written, when it can not be taken', async () => {
    const response = await post('author=Grace+%22H%22&message=', FORM);
    expect(response.status).toBe(400);
    const page = await response.text();
    expect(page).toContain('role="alert"');
    expect(page).toContain('value="Grace &quot;H&quot;"');
  });

  it('answers other paths, methods and types', async () => {
    expect((await fetch(`${base}/constructor`)).status).toBe(404);
    expect((await fetch(`${base}/entries`, { method: 'DELETE' })).headers.get('allow')).toBe('GET, POST');
    expect((await post('x', 'text/plain')).status).toBe(415);
    expect((await fetch(`${base}/entries?limit=0`)).status).toBe(400);
  });

  it('logs one line a request, and stops cleanly on SIGTERM', async () => {
    expect(output.match(/^POST \/entries 201 \d+ms$/gm)).toHaveLength(1);
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  });

  it('says what is missing when it has no database', async () => {
    const child = run('server.js', { DATABASE_URL: '' });
    const [text] = (await once(child.stderr!, 'data')) as [Buffer];
    expect(text.toString()).toContain('DATABASE_URL');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(1);
  });

  it('has a lock file that names no registry', () => {
    expect(readFileSync(join(directory, 'package-lock.json'), 'utf8')).not.toMatch(/https?:/);
  });
});
