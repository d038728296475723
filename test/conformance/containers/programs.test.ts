import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packDirectory } from '../../../functions/hosts/machine/demo/demo-source.ts';
import { eventually } from '../../contracts/workloads/workloads-spec.ts';
import { packExample } from '../../support/berth.ts';
import type { Json } from '../../support/client.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { type BerthChild, freePort, startChild } from '../../support/process.ts';
import { askWorkload } from '../../support/workload.ts';
import { pushBases, whyNoBases } from '../support/containers/base-images.ts';
import {
  BASE_IMAGE,
  startPodman,
  type TestPodman,
  whyNoPodman,
  writeFiles,
} from '../support/containers/podman.ts';
import { run as execute } from '../support/process.ts';
import { startRegistry, type TestRegistry, whyNoRegistry } from '../support/registry.ts';

const why = (await whyNoPodman()) ?? (await whyNoRegistry()) ?? (await whyNoBases());
if (why) console.log(`Skipped: programs in containers, since ${why}.`);

/** Tells what it may and what it reaches. */
const PROBER = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { createServer } from 'node:http';
  import { connect } from 'node:net';
  const attempt = (work) => { try { work(); return 'done'; } catch (error) { return error.code; } };
  createServer((request, response) => {
    const url = new URL(request.url, 'http://host');
    if (url.pathname === '/self') return response.end(JSON.stringify({
      status: readFileSync('/proc/self/status', 'utf8'),
      root: attempt(() => writeFileSync('/written', '')),
      app: attempt(() => writeFileSync('/app/written', '')),
      temporary: attempt(() => writeFileSync('/tmp/written', '')),
    }));
    if (url.pathname === '/reach') {
      const socket = connect({ host: url.searchParams.get('host'), port: Number(url.searchParams.get('port')) });
      let done = false;
      const say = (what) => { if (!done) { done = true; socket.destroy(); response.end(what); } };
      // One that is let in and thrown out at once reaches nothing either.
      socket.once('connect', () => { socket.write('GET / HTTP/1.0\\r\\n\\r\\n'); });
      socket.once('data', () => say('answers'));
      socket.once('error', (error) => say(error.code));
      socket.once('close', () => say('closed'));
      setTimeout(() => say('silent'), 1500);
      return;
    }
    response.end('here');
  }).listen(process.env.PORT);
`;

const PASSWORD = 'open sesame';
/** What bcrypt makes of it. */
const HASH = '$2a$04$3Oy59b7RmoKjFY6VLTf8aOWgid87eMNIo/a3kGaz5QtBaBlwYkm2W';
async function htpasswd(directory: string) {
  const path = join(directory, 'htpasswd');
  await writeFile(path, `berth:${HASH}\n`);
  return { htpasswd: { realm: 'basic', path } };
}

// A first build of Go compiles its library.
describe.skipIf(why)('Berth with a container engine', { timeout: 600_000 }, () => {
  const makeDirectory = temporaryDirectories();
  let registry: TestRegistry;
  /** Asks for a password. */
  let locked: TestRegistry;
  let podman: TestPodman;
  let berth: BerthChild;
  let directory: string;
  let port: number;
  let settings: Record<string, string>;

  beforeAll(async () => {
    registry = await startRegistry();
    locked = await startRegistry(htpasswd);
    podman = await startPodman(registry, locked);
    await pushBases(podman, registry);
    directory = makeDirectory();
    port = await freePort();
    // Open to all: it is containers that are kept away.
    settings = { DOCKER_HOST: podman.host, BERTH_HOST: '0.0.0.0' };
    berth = await startChild(directory, port, settings);
    for (const name of ['demo', 'other']) {
      await berth.api('POST', '/v1/projects', { name });
      succeeded(await berth.operation('POST', `/v1/projects/${name}/environments`, { name: 'dev' }));
    }
  });
  afterAll(async () => {
    await berth?.kill('SIGTERM');
    await podman?.stop();
    await registry?.stop();
    await locked?.stop();
  });

  const succeeded = (operation: Json): Json => {
    expect(operation, JSON.stringify(operation.error)).toMatchObject({ status: 'succeeded' });
    return operation;
  };
  const services = (project = 'demo'): string => `/v1/projects/${project}/services`;
  const pack = async (files: Record<string, string>) =>
    packDirectory(await writeFiles(join(makeDirectory(), 'source'), files));
  async function build(service: string, archive: Uint8Array, project?: string): Promise<Json> {
    await berth.api('POST', services(project), { name: service });
    return berth.operation('POST', `${services(project)}/${service}/builds`, archive);
  }
  async function run(service: string, archive: Uint8Array, project = 'demo'): Promise<void> {
    const { result } = succeeded(await build(service, archive, project));
    const path = `/v1/projects/${project}/environments/dev/services/${service}/deployments`;
    succeeded(await berth.operation('POST', path, { version: result.version }));
  }
  const ask = (service: string, path = '/', request = {}, project = 'demo') =>
    askWorkload(port, `${service}.dev.${project}.localhost`, path, request);
  const prober = () =>
    pack({
      'main.mjs': PROBER,
      Dockerfile: `FROM ${BASE_IMAGE}\nCOPY main.mjs /app/main.mjs\nCMD ["node", "/app/main.mjs"]\n`,
    });
  const containers = async (): Promise<Json[]> =>
    JSON.parse((await podman.podman('ps', '--format', 'json')) || '[]') as Json[];

  it('builds a Flask program by its Dockerfile, migrates its database, serves it, and keeps what it wrote', async () => {
    await run('notes', await packExample('flask-notes'));
    const headers = { 'content-type': 'application/json' };
    const written = await ask('notes', '/', { method: 'POST', headers, body: '{"text": "Ahoy"}' });
    expect(written.status, written.text).toBe(201);
    expect(JSON.parse((await ask('notes')).text)).toEqual(['Ahoy']);
    expect(await containers()).toHaveLength(1);
  });

  it('builds a Go program with its modules in two stages, and runs what is nothing but that program', async () => {
    await run('hello', await packExample('go-hello'));
    for (const visit of [1, 2]) expect((await ask('hello')).text).toBe(`Ahoy from Go, visit ${visit}\n`);
  });

  it('builds a Ruby program with its gems, migrates its database, and serves it', async () => {
    await run('links', await packExample('sinatra-links'));
    const url = 'https://example.com/harbour';
    const headers = { 'content-type': 'application/json' };
    const add = (body: string) => ask('links', '/', { method: 'POST', headers, body });
    const written = await add(JSON.stringify({ url }));
    expect(written.status, written.text).toBe(201);
    const led = await ask('links', `/${JSON.parse(written.text).code}`);
    expect(led.headers.location).toBe(url);
    expect((await add('{"url": "file:///etc"}')).status).toBe(400);
  });

  it('runs a Node.js program without an operating system beside them as a process', async () => {
    const before = (await containers()).length;
    await run('site', await packExample('static-site'));
    expect((await ask('site')).status).toBe(200);
    expect(await containers()).toHaveLength(before);
  });

  it('an image of another registry is a version with the digest that its tag has now', async () => {
    await berth.api('POST', services(), { name: 'files' });
    const command = ['python3', '-m', 'http.server', '8000', '--directory', '/etc/apt'];
    const { status, body } = await berth.api('POST', `${services()}/files/versions`, {
      image: 'docker.io/library/python:3.13-slim',
      workload: {
        apiVersion: 'score.dev/v1b1',
        metadata: { name: 'files' },
        service: { ports: { www: { port: 80, targetPort: 8000 } } },
        containers: { web: { image: '.', command } },
      },
    });
    expect(status, JSON.stringify(body)).toBe(201);
    expect(body.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const deployments = '/v1/projects/demo/environments/dev/services/files/deployments';
    succeeded(await berth.operation('POST', deployments, { version: body.id }));
    expect((await ask('files')).text).toContain('sources.list');
    const missing = await berth.api('POST', `${services()}/files/versions`, {
      image: 'docker.io/library/nothing:1',
    });
    expect(missing.body.code).toBe('image_unavailable');
  });

  it('a Score file that names an image of others is a version of it, by the project’s own password', async () => {
    const files = {
      'main.mjs': PROBER,
      Dockerfile: `FROM ${BASE_IMAGE}\nCOPY main.mjs /app/main.mjs\nCMD ["node", "/app/main.mjs"]\n`,
    };
    const image = `${locked.host}/acme/prober:1`;
    const password = ['--creds', `berth:${PASSWORD}`, '--tls-verify=false'];
    await podman.podman('build', '--quiet', '--tag', image, await writeFiles(makeDirectory(), files));
    await podman.podman('push', '--quiet', ...password, image);
    await podman.podman('rmi', image);
    const score = JSON.stringify({
      apiVersion: 'score.dev/v1b1',
      metadata: { name: 'pulled' },
      service: { ports: { www: { port: 80, targetPort: 8080 } } },
      containers: { web: { image, variables: { PORT: '8080' } } },
    });
    const archive = await pack({ 'score.yaml': score });
    const refused = await build('pulled', archive);
    expect(refused).toMatchObject({ status: 'failed', error: { code: 'image_unavailable' } });
    expect(refused.error.hint).toContain('registries');
    const setPassword = (project: string, given: string) =>
      berth.api('PUT', `/v1/projects/${project}/registries/${locked.host}`, {
        username: 'berth',
        password: given,
      });
    await setPassword('demo', 'a wrong password');
    const wrong = await build('pulled', archive);
    expect(wrong).toMatchObject({ status: 'failed', error: { code: 'image_unavailable' } });
    expect((await setPassword('demo', PASSWORD)).status).toBe(200);
    await run('pulled', archive);
    expect((await ask('pulled')).text).toBe('here');
    const [version] = (await berth.api('GET', `${services()}/pulled/versions`)).body.items;
    expect(version.source).toMatchObject({ kind: 'upload', image });
    // A Dockerfile may stand on it, and no other project's: what the engine has of it is nobody else's.
    const Dockerfile = `FROM ${image}\nRUN ["node", "-e", ""]\n`;
    succeeded(await build('standing', await pack({ Dockerfile })));
    expect(await podman.podman('images')).toContain('acme/prober');
    const others = await build('standing', await pack({ Dockerfile }), 'other');
    expect(others).toMatchObject({ status: 'failed', error: { code: 'image_unavailable' } });
    const told = JSON.stringify([refused, wrong, others, await berth.api('GET', '/v1/projects/demo/events')]);
    for (const secret of [PASSWORD, 'a wrong password']) expect(told).not.toContain(secret);
  });

  it('builds the Dockerfile, the stage and with the arguments that the Score file names', async () => {
    const say = (what: string) =>
      `CMD ["node", "-e", "require('http').createServer((q, s) => s.end('${what}')).listen(process.env.PORT)"]`;
    const annotations = {
      'berth.dev/dockerfile': 'docker/web',
      'berth.dev/build-target': 'first',
      'berth.dev/build-args': `BASE=${BASE_IMAGE} 'GREETING=good day'`,
    };
    const files = {
      'docker/web': [
        'ARG BASE=scratch',
        'FROM ${BASE} AS first',
        'ARG GREETING=none',
        'ENV GREETING=${GREETING}',
        say("' + process.env.GREETING + '"),
        'FROM first AS second',
        say('second'),
      ].join('\n'),
      'score.yaml': JSON.stringify({
        apiVersion: 'score.dev/v1b1',
        metadata: { name: 'staged', annotations },
        service: { ports: { www: { port: 80, targetPort: 8080 } } },
        containers: { web: { image: '.', variables: { PORT: '8080' } } },
      }),
    };
    await run('staged', await pack(files));
    expect((await ask('staged')).text).toBe('good day');
  });

  it('tells what a Dockerfile would become before it is built', async () => {
    const { status, body } = await berth.api('POST', '/v1/detections', {
      name: 'shop',
      files: ['Dockerfile', 'app.py', 'requirements.txt'],
      texts: { Dockerfile: 'FROM python\nEXPOSE 5000\n', 'requirements.txt': 'psycopg[binary]' },
    });
    expect(status).toBe(200);
    expect(body.detected).toBe('built by its Dockerfile');
    expect(body.score).toContain('targetPort: 5000');
    expect(body.score).toContain('type: postgres');
  });

  it('a step that fails is told with its last lines', async () => {
    const Dockerfile = `FROM ${BASE_IMAGE}\nRUN ["node", "-e", "console.log('no such thing'); process.exit(3)"]\n`;
    const { status, error } = await build('failing', await pack({ Dockerfile }));
    expect(status).toBe('failed');
    expect(error.code).toBe('build_failed');
    expect(error.cause).toContain('no such thing');
  });

  it('a canceled build has ended soon, with all that it started', async () => {
    const Dockerfile = `FROM ${BASE_IMAGE}\nRUN ["node", "-e", "console.log('going'); setInterval(() => {}, 1000) // canceled-step"]\n`;
    await berth.api('POST', services(), { name: 'slow' });
    const { body } = await berth.api('POST', `${services()}/slow/builds`, await pack({ Dockerfile }));
    const { id } = body.operation ?? body;
    const steps = (): Promise<string[]> => processesWith('canceled-step');
    await eventually(steps, (found) => found.length > 0, 60_000);
    await berth.api('POST', `/v1/operations/${id}/cancel`);
    expect((await berth.waitFor(id)).status).toBe('canceled');
    await eventually(steps, (found) => found.length === 0, 10_000);
  });

  it('steps of a build see the secrets that they ask for, and no image or log has them', async () => {
    const value = 'token-of-the-registry';
    await berth.api('PUT', '/v1/projects/demo/build-secrets/TOKEN', { value });
    const step = `const fs = require('fs'); const it = fs.readFileSync('/run/secrets/TOKEN', 'utf8'); console.log(it.length, it, fs.readdirSync('/src').join())`;
    const archive = await pack({
      Dockerfile: `FROM ${BASE_IMAGE}\nCOPY . /src\nRUN --mount=type=secret,id=TOKEN ["node", "-e", ${JSON.stringify(step)}]\n`,
    });
    const { id } = succeeded(await build('secretive', archive));
    const { body } = await berth.api('GET', `/v1/operations/${id}/logs`);
    const log = JSON.stringify(body);
    expect(log).toContain(`${value.length} •••• Dockerfile`);
    expect(log).not.toContain(value);
  });

  it('steps of a build do not reach what listens on this machine, and share no cache with another project', async () => {
    const places = [`http://127.0.0.1:${port}/healthz`, `http://host.containers.internal:${port}/healthz`];
    const step = `for (const place of ${JSON.stringify(places)}) fetch(place, { signal: AbortSignal.timeout(2000) }).then(() => console.log('reached', place), () => console.log('shut', place))`;
    const copy = "fs.writeFileSync('/out', fs.readFileSync('/source/own', 'utf8'))";
    const Dockerfile = [
      `FROM ${BASE_IMAGE}`,
      `RUN ["node", "-e", ${JSON.stringify(step)}]`,
      `RUN --mount=type=bind,target=/source ["node", "-e", ${JSON.stringify(copy)}]`,
      `RUN ["node", "-e", "console.log('has', fs.readFileSync('/out', 'utf8'))"]`,
    ].join('\n');
    await berth.api('POST', '/v1/projects', { name: 'neighbour' });
    for (const project of ['demo', 'neighbour']) {
      const { id } = succeeded(
        await build('curious', await pack({ Dockerfile, own: `own-of-${project}` }), project),
      );
      const { body } = await berth.api('GET', `/v1/operations/${id}/logs`);
      const log = JSON.stringify(body);
      for (const place of places) expect(log).toContain(`shut ${place}`);
      expect(log).toContain(`has own-of-${project}`);
    }
  });

  it('a Dockerfile that reaches beyond its build is refused, and says what to write in its place', async () => {
    const lines = [
      'RUN --mount=type=cache,id=../../../../../../../etc,target=/x ["node", "-e", ""]',
      `ADD http://127.0.0.1:${port}/healthz /x`,
      'COPY --from=dir:/etc passwd /x',
    ];
    for (const line of lines) {
      const { status, error } = await build(
        'reaching',
        await pack({ Dockerfile: `FROM ${BASE_IMAGE}\n${line}\n` }),
      );
      expect([status, error.code], line).toEqual(['failed', 'build_failed']);
      expect(error.cause).toMatch(/can not be built here/);
    }
  });

  it('is no administrator in its container, and writes to /tmp alone', async () => {
    await run('prober', await prober());
    const self = JSON.parse((await ask('prober', '/self')).text) as Json;
    expect(self).toMatchObject({ root: 'EROFS', app: 'EROFS', temporary: 'done' });
    expect(self.status).toMatch(/^NoNewPrivs:\t1$/m);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(self.status).toMatch(new RegExp(`^${set}:\\t0+$`, 'm'));
    expect(self.status).toMatch(/^Uid:\t65532\t/m);
    const [own] = (await containers()).filter(({ Labels }) => Labels['dev.berth.service'] === 'prober');
    const [inspected] = JSON.parse(await podman.podman('inspect', own?.Id)) as Json[];
    expect(inspected?.HostConfig).toMatchObject({ PidsLimit: 512, Memory: 512 * 1024 ** 2 });
  });

  it('reaches no container of another project, nothing of this machine, not Berth, not the metadata address', async () => {
    await run('victim', await prober(), 'other');
    expect((await ask('victim', '/', {}, 'other')).text).toBe('here');
    const all = await containers();
    const addressOf = async (service: string): Promise<{ address: string; gateway: string }> => {
      const found = all.find(({ Labels }) => Labels['dev.berth.service'] === service);
      const [inspected] = JSON.parse(await podman.podman('inspect', found?.Id)) as Json[];
      const [network] = Object.values(inspected?.NetworkSettings.Networks as Record<string, Json>);
      return { address: network?.IPAddress, gateway: network?.Gateway };
    };
    const victim = await addressOf('victim');
    const { gateway } = await addressOf('prober');
    const other = createServer((socket) => socket.end('SSH-2.0-here\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '0.0.0.0', resolve));
    const { port: open } = other.address() as { port: number };
    const outer = Object.values(networkInterfaces())
      .flat()
      .flatMap((found) => (found?.family === 'IPv4' && !found.internal ? [found.address] : []));
    const own = [gateway, victim.gateway, ...outer];
    const targets = [
      [victim.address, 8080],
      ['169.254.169.254', 80],
      ...own.flatMap((address) => [port, open].map((number) => [address, number])),
    ] as const;
    try {
      const answers = await Promise.all(
        targets.map(async ([host, number]) => {
          const { text } = await ask('prober', `/reach?host=${host}&port=${number}`);
          return `${host}:${number} ${text}`;
        }),
      );
      expect(answers.filter((answer) => answer.endsWith(' answers'))).toEqual([]);
      // The prober does reach what it may: itself, by its address.
      const { address } = await addressOf('prober');
      expect((await ask('prober', `/reach?host=${address}&port=8080`)).text).toBe('answers');
    } finally {
      other.close();
    }
  });

  it('after a kill -9 all that was left is put right, and serves again', async () => {
    const before = (await containers()).map(({ Id }) => Id as string);
    await berth.kill('SIGKILL');
    await sleep(100);
    expect((await containers()).map(({ Id }) => Id)).toEqual(expect.arrayContaining(before));
    berth = await startChild(directory, port, settings);
    await eventually(
      () => ask('notes').catch(() => ({ text: '' })),
      ({ text }) => text.includes('Ahoy'),
      60_000,
    );
    const now = await containers();
    expect(now.filter(({ Id }) => before.includes(Id as string))).toEqual([]);
    const names = now.map(({ Labels }) => `${Labels['dev.berth.project']}/${Labels['dev.berth.service']}`);
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });

  it('nothing of an environment is left when it is destroyed, and nothing at all when Berth stops', async () => {
    succeeded(await berth.operation('DELETE', '/v1/projects/other/environments/dev'));
    expect((await containers()).filter(({ Labels }) => Labels['dev.berth.project'] === 'other')).toEqual([]);
    // Other suites have rules of their own on the same machine.
    const id = (await readFile(join(directory, 'instance-id'), 'utf8')).trim();
    await berth.kill('SIGTERM');
    expect(await containers()).toEqual([]);
    expect(await podman.podman('network', 'ls', '--format', '{{.Name}}')).not.toContain(`berth-${id}`);
    expect(await execute('iptables', ['-S'])).not.toContain(`BERTH-${id.slice(0, 12)}`);
  });

  it('without processes all runs in containers, Node.js programs and sites too', async () => {
    berth = await startChild(directory, port, { ...settings, BERTH_PROCESSES: 'off' });
    await eventually(
      () => ask('site').catch(() => ({ status: 0 })),
      ({ status }) => status === 200,
      60_000,
    );
    const names = (await containers()).map(({ Labels }) => Labels['dev.berth.service']);
    expect(names).toContain('site');
    const program =
      "require('http').createServer((_, answer) => answer.end('hello')).listen(process.env.PORT)";
    await run('plain', await pack({ 'server.js': program, 'package.json': '{"name": "plain"}' }));
    expect((await ask('plain')).text).toBe('hello');
  });

  it('without processes nothing of a source runs as the user of Berth, nor is another repository of the machine read', async () => {
    const { status, error } = await build('guestbook', await packExample('guestbook'));
    expect([status, error.code]).toEqual(['failed', 'build_failed']);
    expect(error.hint).toContain('Dockerfile');
    const git = { url: process.cwd(), ref: 'HEAD' };
    const local = await berth.operation('POST', `${services()}/guestbook/builds`, { git });
    expect([local.status, local.error.code]).toEqual(['failed', 'source_unavailable']);
  });

  it('without an engine the Dockerfile is refused with what would help', async () => {
    await berth.kill('SIGTERM');
    berth = await startChild(makeDirectory(), port, { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    await berth.api('POST', '/v1/projects', { name: 'demo' });
    const { status, error } = await build('hello', await packExample('go-hello'));
    expect(status).toBe('failed');
    expect(error.code).toBe('nothing_to_run');
    expect(error.cause).toContain('is built by its Dockerfile');
    expect(error.hint).toContain('Start Docker or Podman');
  });
});

/** Ids of processes that have the text among their words. */
async function processesWith(text: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    ids.map(async (id) => [id, await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')] as const),
  );
  return lines.filter(([, line]) => line.includes('\0-e\0') && line.includes(text)).map(([id]) => id);
}

// A file without a test is an error.
it.runIf(why)('is skipped where Podman is absent', () => undefined);
