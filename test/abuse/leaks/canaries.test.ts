/**
 * Secrets go in wherever one can, an environment lives its whole life, and then all that it left is searched: nothing
 * but the encrypted file of secrets and the answers that are there to show one may hold any, in any form.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalLog } from '../../../functions/hosts/machine/terminal-log.ts';
import { type Json, startBerth, type TestBerth } from '../../support/berth.ts';
import { createBrowser } from '../../support/browser.ts';
import { commandLines, core, createCanaries, findInFiles, formsOf } from '../../support/canaries.ts';
import { signInAs } from '../../support/demo-sign-in.ts';
import { archive, program } from '../../support/programs.ts';
import { routes } from '../../support/routes.ts';

const canaries = createCanaries();
const canary = (name: string): string => canaries.add(name, core());

/** What is hard to write in JSON, in a URL, in a shell, in HTML, and in a debugger, before what is looked for. */
const awkward = `q"b\\s'a&p+e=é %<${canary('an awkward secret')}`;
const lines = [1, 2, 3].map((line) => canary(`line ${line} of a key`));
const secrets: Record<string, string> = {
  PLAIN: canary('a secret'),
  AWKWARD: awkward,
  KEY: `-----BEGIN KEY-----\n${lines.join('\n')}\n-----END KEY-----\n`,
  IN_FILE: canary('a secret in a file'),
  IN_TEXT: canary('a secret inside of other text'),
  IN_SOURCE: canary('a secret as the source of a volume'),
  IN_ROUTE: canary('a secret in a route'),
  ROTATED: canary('a secret that is rotated'),
};
const rotated = canary('a secret that another one was rotated to');
const refused = `bad${canary('a secret that does not serve')}`;
/** Berth's own environment must reach no build, program or database. */
const OWN = 'BERTH_TEST_CANARY';

const resources = `resources:
  env:
    type: environment
  db:
    type: postgres`;
const container = `variables:
  PLAIN: \${resources.env.PLAIN}
  AWKWARD: \${resources.env.AWKWARD}
  KEY: \${resources.env.KEY}
  ROTATED: \${resources.env.ROTATED}
  HEADER: Bearer \${resources.env.IN_TEXT}
  DATABASE_URL: \${resources.db.url}
files:
  /etc/app.conf:
    content: |
      password = \${resources.env.IN_FILE}
      again: "\${resources.env.AWKWARD}"`;

/** Prints what it has as careless programs do. */
const print = `
import { readFileSync } from 'node:fs';
const { AWKWARD, PLAIN, HEADER, DATABASE_URL, BERTH_ROOT } = process.env;
const password = new URL(DATABASE_URL).password;
console.log('environment', process.env);
console.error(JSON.stringify(process.env));
console.log(Object.entries(process.env).map(([name, value]) => name + '=' + value).join('\\n'));
console.log(String(new URLSearchParams(process.env)));
console.log('authorization: Basic ' + Buffer.from('app:' + PLAIN).toString('base64'));
console.log('authorization: Basic ' + Buffer.from('us:' + password).toString('base64'));
console.log(Buffer.from(PLAIN).toString('hex'), encodeURIComponent(AWKWARD), HEADER.split(' ')[1], password);
console.log(readFileSync(BERTH_ROOT + '/etc/app.conf', 'utf8'));
process.stdout.write('in two ' + PLAIN.slice(0, 9));
process.stdout.write(PLAIN.slice(9) + ' parts\\n');
console.error(new Error('no login with ' + DATABASE_URL));
`;
const server = `${print}
import { createServer } from 'node:http';
if (process.env.ROTATED.startsWith('bad')) process.exit(1);
createServer((request, response) => response.end(JSON.stringify(process.env))).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

let subject: TestBerth;
const said: string[] = [];
const log: LocalLog = {
  info: (message) => void said.push(message),
  error: (what, error) => void said.push(`${what} ${inspect(error, { depth: 9, showHidden: true })}`),
  banner: () => undefined,
  hint: (text) => void said.push(text),
  path: (absolute) => absolute,
};
/** Everything that the API answered, except for the answers whose purpose is to show a secret. */
const answers: string[] = [];
const processes = new Set<string>();
const watching = new AbortController();

const BASE = '/v1/projects/shop';
const DEV = `${BASE}/environments/dev`;

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  kept = true,
): Promise<{ status: number; body: Json }> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(subject.url + path, {
    method,
    headers: {
      authorization: `Bearer ${subject.token}`,
      ...(body !== undefined && {
        'content-type': body instanceof Uint8Array ? 'application/gzip' : 'application/json',
      }),
      ...headers,
    },
    ...(body !== undefined && { body: isRaw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (kept) answers.push(`${method} ${path}\n${inspect([...response.headers])}\n${text}`);
  const isJson = response.headers.get('content-type')?.includes('json') && text !== '';
  return { status: response.status, body: isJson && !text.includes('}\n{') ? JSON.parse(text) : {} };
}

async function operation(method: string, path: string, body?: unknown): Promise<Json> {
  const answer = await ask(method, path, body);
  expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)}`).toBe(202);
  const id = answer.body.operation?.id ?? answer.body.id;
  const ended = await subject.waitFor(id);
  for (const at of ['', '/logs']) await ask('GET', `/v1/operations/${id}${at}`);
  return ended;
}

async function build(service: string, source: Uint8Array): Promise<string> {
  const built = await operation('POST', `${BASE}/services/${service}/builds`, source);
  expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'succeeded' });
  return built.result.version;
}

const deploy = (service: string, body: object): Promise<Json> =>
  operation('POST', `${DEV}/services/${service}/deployments`, body);

async function deployBuilt(service: string, source: Uint8Array): Promise<Json> {
  return deploy(service, { version: await build(service, source) });
}

/** Its environment, as the program itself tells it. */
const environmentOf = async (): Promise<Record<string, string>> =>
  JSON.parse((await subject.workload('web.dev.shop.localhost')).text);

async function connect(connectionString: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(statement).catch(() => undefined);
  await client.end();
}

/** Calls every route that reads, for the things that exist. */
async function readAll(known: Record<string, string>): Promise<void> {
  for (const { method, path } of routes) {
    if (method !== 'get') continue;
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    if (!names.every((name) => known[name] !== undefined)) continue;
    await ask(
      'GET',
      path.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name]!),
    );
  }
}

async function readStream(path: string): Promise<void> {
  const response = await fetch(subject.url + path, {
    headers: { authorization: `Bearer ${subject.token}`, accept: 'text/event-stream' },
    signal: AbortSignal.timeout(1000),
  });
  let text = '';
  try {
    for await (const chunk of response.body!) text += Buffer.from(chunk).toString('utf8');
  } catch {}
  expect(text.length).toBeGreaterThan(20);
  answers.push(text);
}

beforeAll(async () => {
  process.env[OWN] = canary('a variable of Berth itself');
  subject = await startBerth({ log });
  canaries.add('the token of the administrator', subject.token);
  void (async () => {
    while (!watching.signal.aborted) {
      for (const line of await commandLines()) processes.add(line);
      await sleep(40);
    }
  })();
  await ask('POST', '/v1/projects', { name: 'shop' });
  for (const name of ['web', 'crash', 'release', 'source', 'route', 'upload']) {
    await ask('POST', `${BASE}/services`, { name });
  }
  await operation('POST', `${BASE}/environments`, { name: 'dev' });
  for (const [name, value] of Object.entries(secrets)) {
    expect((await ask('PUT', `${DEV}/secrets/${name}`, { value })).status).toBe(201);
  }
  await live();
});
afterAll(async () => {
  watching.abort();
  delete process.env[OWN];
  await subject?.close();
});

async function live(): Promise<void> {
  const score = { score: resources, container };
  const annotations = 'berth.dev/release-command: "node print.js"';
  const good = await deployBuilt(
    'web',
    await program('web', { ...score, annotations, server, files: { 'print.js': print } }),
  );
  expect(good, JSON.stringify(good.error)).toMatchObject({ status: 'succeeded' });
  const first = await environmentOf();
  canaries.add('the first password of the database', new URL(first.DATABASE_URL!).password);
  expect(first).toMatchObject({ PLAIN: secrets.PLAIN, AWKWARD: awkward, KEY: secrets.KEY });
  expect(first[OWN]).toBeUndefined();

  const typo = canary('a secret in a statement with a fault');
  await connect(first.DATABASE_URL!, `selec '${typo}'`);
  await connect(first.DATABASE_URL!, `alter role current_user password '${typo}' typo`);
  const wrong = new URL(first.DATABASE_URL!);
  wrong.password = canary('a wrong password');
  await expect(connect(wrong.href, 'select 1')).rejects.toThrow();

  // What fails explains itself by what it printed.
  const crashed = await deployBuilt(
    'crash',
    await program('crash', { ...score, server: `${print}; process.exit(1);` }),
  );
  expect(crashed).toMatchObject({ status: 'failed', error: { code: 'workload_crashed' } });
  expect(crashed.error.cause).toContain('••••');
  const released = await deployBuilt(
    'release',
    await program('release', {
      ...score,
      annotations,
      files: { 'print.js': `${print}; process.exit(1);` },
    }),
  );
  expect(released).toMatchObject({ status: 'failed', error: { code: 'release_failed' } });

  // Where none can be: a volume's source, the parameters of a resource. No version is made of them.
  const source = await operation(
    'POST',
    `${BASE}/services/source/builds`,
    await program('source', {
      score: 'resources:\n  env:\n    type: environment',
      container: 'volumes:\n  /data:\n    source: ${resources.env.IN_SOURCE}',
    }),
  );
  expect(source).toMatchObject({ status: 'failed', error: { code: 'unresolved_placeholder' } });
  const route = await operation(
    'POST',
    `${BASE}/services/route/builds`,
    await program('route', {
      score: `resources:
  env:
    type: environment
  dns:
    type: dns
  way:
    type: route
    params:
      host: \${resources.dns.host}
      path: /\${resources.env.IN_ROUTE}
      port: 80`,
    }),
  );
  expect(route).toMatchObject({ status: 'failed', error: { code: 'unresolved_placeholder' } });

  await upload();
  await wrongRequests();
  await access();

  // Rotation: there, back again, and of the database.
  const rotate = `${DEV}/secrets/ROTATED/rotate`;
  expect(await operation('POST', rotate, { value: rotated })).toMatchObject({ status: 'succeeded' });
  expect((await environmentOf()).ROTATED).toBe(rotated);
  expect(await operation('POST', rotate, { value: refused })).toMatchObject({ status: 'failed' });
  const { items } = (await ask('GET', `${DEV}/resources`)).body;
  const { uid } = items.find(({ type }: Json) => type === 'postgres');
  expect(await operation('POST', `${DEV}/resources/rotate`, { uid })).toMatchObject({ status: 'succeeded' });
  const second = await environmentOf();
  canaries.add('the second password of the database', new URL(second.DATABASE_URL!).password);
  expect(second.DATABASE_URL).not.toBe(first.DATABASE_URL);
  const revealed = await ask('POST', `${DEV}/secrets/PLAIN/reveal`, {}, {}, false);
  expect(revealed.body.value).toBe(secrets.PLAIN);

  expect(await deploy('web', { rollbackTo: 1 })).toMatchObject({ status: 'succeeded' });
  await readAll({ project: 'shop', environment: 'dev', service: 'web', number: '1', secret: 'PLAIN' });
  await readStream(`${DEV}/services/web/logs`);
  for (const service of ['web', 'crash', 'release']) {
    const logs = await ask('GET', `${DEV}/services/${service}/logs?tail=1000`);
    expect(logs.status, JSON.stringify(logs.body)).toBe(200);
  }
  await operation('POST', `${DEV}/hibernate`);
  await operation('POST', `${DEV}/wake`);
  expect((await environmentOf()).PLAIN).toBe(secrets.PLAIN);
  await readAll({ project: 'shop', environment: 'dev', service: 'crash', number: '1', secret: 'KEY' });
}

/** Source with a secret in it: the image holds what the developer put there, and nothing else does. */
async function upload(): Promise<void> {
  const source = await archive({
    '.env': `PASSWORD=${canary('a secret in source')}`,
    'package.json': JSON.stringify({
      name: 'upload',
      scripts: { build: 'node build.js', start: 'node server.js' },
    }),
    'build.js': `console.log(process.env, require('node:fs').readdirSync('.'));`,
    'server.js': `require('node:http').createServer((_, answer) => answer.end('x')).listen(process.env.PORT)`,
  });
  const version = await build('upload', source);
  expect(await deploy('upload', { version })).toMatchObject({ status: 'succeeded' });
  const git = {
    url: `https://me:${canary('a password in a repository’s URL')}@git.example.com/x`,
    ref: 'main',
  };
  expect((await ask('POST', `${BASE}/services/upload/builds`, { git })).status).toBe(400);
}

/** Requests with a fault, and a secret in them. */
async function wrongRequests(): Promise<void> {
  const put = `${DEV}/secrets/WRONG`;
  const wrong = (): string => canary('a secret in a request with a fault');
  const faults: [string, string, unknown, Record<string, string>?][] = [
    ['PUT', put, { value: { nested: wrong() } }],
    ['PUT', put, { value: wrong(), extra: 1 }],
    ['PUT', put, { value: `${wrong()}\0` }],
    ['PUT', put, { value: wrong().repeat(3000) }],
    ['PUT', put, `{"value":"${wrong()}`],
    ['PUT', put, wrong()],
    ['PUT', put, { value: wrong() }, { 'if-match': '"9"' }],
    ['PUT', `${DEV}/secrets/no-name`, { value: wrong() }],
    ['PUT', `${BASE}/environments/none/secrets/WRONG`, { value: wrong() }],
    ['POST', put, { value: wrong() }],
    ['POST', `${DEV}/secrets/ROTATED/rotate`, { value: [wrong()] }],
    ['POST', `${DEV}/secrets/NONE/rotate`, { value: wrong() }],
    ['GET', '/v1/me', undefined, { authorization: `Bearer ${wrong()}` }],
    [
      'GET',
      '/v1/me',
      undefined,
      { authorization: `Basic ${Buffer.from(`me:${wrong()}`).toString('base64')}` },
    ],
    [
      'GET',
      '/v1/me',
      undefined,
      { cookie: `__Host-session=${wrong()}; session=${wrong()}`, authorization: '' },
    ],
    ['POST', '/v1/token', { subject_token: wrong(), grant_type: wrong() }],
    ['GET', `/v1/me?access_token=${wrong()}`, undefined],
  ];
  for (const [method, path, body, headers] of faults) {
    // The address is the client's own, so what it put there is no secret; nothing else may repeat it.
    const { status } = await ask(method, path, body, headers, !path.includes('?'));
    expect(status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
  }
}

/** Tokens and sessions, made and used. */
async function access(): Promise<void> {
  const made = { name: 'canary', role: 'developer' };
  const key = { 'idempotency-key': 'made' };
  const { status, body } = await ask('POST', `${BASE}/tokens`, made, key, false);
  expect(status, JSON.stringify(body)).toBe(201);
  // Given again without it.
  await ask('POST', `${BASE}/tokens`, made, key);
  const hook = { url: 'https://hooks.invalid/berth', types: ['deployment'] };
  const webhook = await ask('POST', `${BASE}/webhooks`, hook, { 'idempotency-key': 'hook' }, false);
  expect(webhook.status, JSON.stringify(webhook.body)).toBe(201);
  canaries.add('the secret of a webhook', webhook.body.secret.replace('whsec_', ''));
  await ask('POST', `${BASE}/webhooks`, hook, { 'idempotency-key': 'hook' });
  const WEBHOOK = `${BASE}/webhooks/${webhook.body.id}`;
  const turned = await ask('POST', `${WEBHOOK}/rotate`, {}, {}, false);
  canaries.add('the second secret of a webhook', turned.body.secret.replace('whsec_', ''));
  for (const path of ['', '/test']) await ask(path === '' ? 'GET' : 'POST', WEBHOOK + path);
  const headers = { 'x-key': canary('a header of a log drain') };
  const drains = { url: 'https://logs.invalid/', format: 'ndjson', headers };
  const drain = await ask('POST', `${BASE}/drains`, drains, { 'idempotency-key': 'drain' });
  for (const path of ['', '/test'])
    await ask(path === '' ? 'GET' : 'POST', `${BASE}/drains/${drain.body.id}${path}`);
  const browser = createBrowser();
  const { url } = subject.berth;
  await signInAs(browser, url, 'ada');
  const cookies = [...browser.cookies].filter(([, value]) => value.length >= 20);
  expect(cookies.length).toBeGreaterThan(0);
  for (const [name, value] of cookies) canaries.add(`the cookie ${name}`, value);
  const personal = await browser.ask(`${url}/v1/tokens`, {
    method: 'POST',
    headers: { origin: url, 'x-csrf': '1', 'content-type': 'application/json' },
    body: JSON.stringify(made),
  });
  expect(personal.status).toBe(201);
  for (const token of [body.token, ((await personal.json()) as Json).token]) {
    const as = { authorization: `Bearer ${canaries.add('a token', token)}` };
    expect((await ask('GET', '/v1/projects', undefined, as)).status).toBe(200);
    expect((await ask('DELETE', BASE, undefined, as)).status).toBeGreaterThanOrEqual(400);
  }
  for (const path of ['/v1/me', '/v1/sessions', '/v1/tokens']) {
    answers.push(await (await browser.ask(url + path)).text());
  }
}

describe('The search', () => {
  it.each(Object.entries(formsOf('Planted0123456789"é')))('finds what is planted: %s', (_form, text) => {
    const own = createCanaries();
    own.add('planted', 'Planted0123456789"é');
    expect(own.find(Buffer.from(`x${text}y`, 'latin1'))).not.toEqual([]);
  });

  it('finds what is split over lines, by their ends or as JSON writes them', () => {
    const value = core();
    const own = createCanaries();
    own.add('planted', value);
    for (const end of ['\n', '\r\n  ', '\\n', "' +\n '"]) {
      expect(own.find(Buffer.from(`x ${value.slice(0, 8)}${end}${value.slice(8)} y`))).not.toEqual([]);
      const encoded = Buffer.from(`user:${value}`).toString('base64');
      expect(own.find(Buffer.from(encoded.slice(0, 14) + end + encoded.slice(14)))).not.toEqual([]);
    }
    expect(own.find(Buffer.from(core()))).toEqual([]);
  });

  it('finds a file that is planted among those of a Berth', async () => {
    const planted = join(subject.directory, 'logs', 'planted');
    await writeFile(planted, `x ${secrets.PLAIN}`);
    const { found } = await findInFiles(canaries, join(subject.directory, 'logs'));
    await writeFile(planted, '');
    expect(found).toContain('planted: a secret, raw');
  });
});

/** With the first line of each: of an answer, what was asked for. */
const hitsIn = (texts: readonly string[]): string[] =>
  texts.flatMap((text) => canaries.find(Buffer.from(text)).map((hit) => `${text.split('\n', 1)}: ${hit}`));

describe('No secret is', () => {
  it('in an answer of the API, but for those that are there to show it', () => {
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.join('\n')).toContain('••••');
    expect(hitsIn(answers)).toEqual([]);
  });

  it('in what Berth says of itself', () => {
    expect(hitsIn(said)).toEqual([]);
  });

  it('in the command line of a process', () => {
    expect([...processes].filter((line) => line.includes('postgres')).length).toBeGreaterThan(0);
    expect([...processes].flatMap((line) => canaries.find(Buffer.from(line, 'latin1')))).toEqual([]);
  });

  it('in anything that is kept, while it runs and after', async () => {
    const running = await findInFiles(canaries, subject.directory, leftOut);
    expect(running.found.filter((hit) => !isInImage(hit))).toEqual([]);
    expect(running.found.filter(isInImage).length).toBeGreaterThan(0);
    for (const file of ['berth.db', 'workflows.db', 'secrets', 'postgres.log', '.ndjson']) {
      expect(
        running.read.some((path) => path.includes(file)),
        file,
      ).toBe(true);
    }
    expect(await operation('DELETE', DEV)).toMatchObject({ status: 'succeeded' });
    await readAll({ project: 'shop', environment: 'dev', service: 'web', number: '1', secret: 'PLAIN' });
    await subject.berth.close();
    const after = await findInFiles(canaries, subject.directory, (path) => path === 'admin-token');
    expect(after.found.filter((hit) => !isInImage(hit))).toEqual([]);
    expect(await readFile(join(subject.directory, 'admin-token'), 'utf8')).toContain(subject.token);
    expect(hitsIn(answers)).toEqual([]);
  });
});

/** The administrator's own file; and files of programs that run, which hold what their Score file puts there. */
const leftOut = (path: string): boolean => path === 'admin-token' || path.includes('/replicas/');
const isInImage = (hit: string): boolean => hit.includes('a secret in source');
