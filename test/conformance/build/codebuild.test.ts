/** The program that runs in CodeBuild, started as it is there; docker, pack and the AWS CLI are small programs here. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { readOutcome } from '../../../functions/adapters/aws/builder/buildspec.ts';
import { sourceArchive } from '../../support/files/archive.ts';

const PROGRAM = resolve(import.meta.dirname, '../../../functions/hosts/aws/entries/build.codebuild.ts');
const REPOSITORY = 'registry.example/berth/demo/web';
const DIGEST = `sha256:${'a'.repeat(64)}`;

/** Writes what it was called with, and behaves as told. */
const FAKE = `#!/usr/bin/env node
const { appendFileSync, existsSync, readdirSync, readFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const name = basename(process.argv[1]);
const args = process.argv.slice(2);
const config = process.env.DOCKER_CONFIG && readFileSync(join(process.env.DOCKER_CONFIG, 'config.json'), 'utf8');
const env = Object.keys(process.env).sort();
const texts = ['Procfile', 'package.json'].filter((file) => existsSync(file)).map((file) => [file, readFileSync(file, 'utf8')]);
appendFileSync(join(__dirname, 'calls'), JSON.stringify({ name, args, env, config, files: readdirSync('.'), texts }) + '\\n');
const { status = 0, output = '' } = JSON.parse(readFileSync(join(__dirname, 'behaviour.json'), 'utf8'))[name + ' ' + args[0]] ?? {};
process.stdout.write(output);
process.exitCode = status;
`;

interface Call {
  name: string;
  args: string[];
  env: string[];
  config?: string;
  files: string[];
  texts: [name: string, text: string][];
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

async function runBuild(
  files: Record<string, string>,
  behaviour: Record<string, { status?: number; output?: string }> = {},
  variables: Record<string, string> = {},
) {
  const bin = mkdtempSync(join(tmpdir(), 'berth-build-test-'));
  cleanups.push(() => rmSync(bin, { recursive: true, force: true }));
  for (const name of ['aws', 'docker', 'pack']) {
    writeFileSync(join(bin, name), FAKE);
    chmodSync(join(bin, name), 0o755);
  }
  const inspected = JSON.stringify([`other@sha256:0`, `${REPOSITORY}@${DIGEST}`]);
  writeFileSync(
    join(bin, 'behaviour.json'),
    JSON.stringify({ 'aws ecr': { output: 'pass\n' }, 'docker image': { output: inspected }, ...behaviour }),
  );
  const archive = await sourceArchive(files);
  let outcome = '';
  const server = createServer(async (request, response) => {
    if (request.method === 'PUT') outcome = await text(request);
    response.end(request.method === 'GET' ? archive : undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const scratch = join(bin, 'tmp');
  mkdirSync(scratch);
  const child = spawn(process.execPath, [PROGRAM], {
    env: {
      PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: bin,
      TMPDIR: scratch,
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/secret',
      BERTH_REPOSITORY: REPOSITORY,
      BERTH_PACK_BUILDER: 'buildpacks/builder:1',
      BERTH_RESULT_URL: `${url}/result?signature=secret`,
      ...(variables.BERTH_GIT_URL === undefined ? { BERTH_SOURCE_URL: `${url}/source` } : {}),
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  let calls: Call[] = [];
  try {
    const lines = readFileSync(join(bin, 'calls'), 'utf8').trim().split('\n');
    calls = lines.map((line) => JSON.parse(line) as Call);
  } catch {
    // None was called.
  }
  return { outcome, output, errors, exitCode, calls };
}

const SCORE = 'apiVersion: score.dev/v1b1\nmetadata:\n  name: web\ncontainers:\n  main:\n    image: .\n';

describe('A build in CodeBuild', () => {
  it('by a Dockerfile gives the digest that the registry has, and the Score file', async () => {
    const { outcome, calls, exitCode, errors } = await runBuild({
      Dockerfile: 'FROM x',
      'score.yaml': SCORE,
    });
    expect(readOutcome(outcome), errors).toEqual({
      digest: DIGEST,
      detected: 'built by its Dockerfile',
      score: SCORE,
      files: {},
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(exitCode).toBe(0);
    expect(calls.map(({ name, args }) => `${name} ${args[0]}`)).toEqual([
      'docker build',
      'aws ecr',
      'docker push',
      'docker image',
    ]);
    const [build, , push] = calls;
    expect(build?.files.sort()).toEqual(['Dockerfile', 'score.yaml']);
    const image = build?.args[2];
    expect(image).toMatch(/^registry\.example\/berth\/demo\/web:build-[0-9a-f]{12}$/);
    expect(push?.args).toEqual(['push', image]);
    const auth = Buffer.from('AWS:pass').toString('base64');
    expect(JSON.parse(push?.config ?? '')).toEqual({ auths: { 'registry.example': { auth } } });
  });

  it('without a Dockerfile is one by buildpacks', async () => {
    const { outcome, calls } = await runBuild({ 'main.py': 'x' });
    expect(readOutcome(outcome)).toMatchObject({ digest: DIGEST, detected: 'built by buildpacks' });
    expect(calls[0]).toMatchObject({ name: 'pack', args: expect.arrayContaining(['build', '--builder']) });
  });

  it('of a folder sees that folder alone, and builds a member of a workspace from the top of that', async () => {
    const folder = { 'apps/api/Dockerfile': 'FROM x', 'apps/api/score.yaml': SCORE, 'apps/web/x': '' };
    const alone = await runBuild(folder, {}, { BERTH_PATH: 'apps/api' });
    expect(readOutcome(alone.outcome)).toMatchObject({ score: SCORE });
    expect(alone.calls[0]).toMatchObject({ files: ['Dockerfile', 'score.yaml'] });
    const workspace = { 'package.json': '{"workspaces":["apps/*"]}', 'apps/api/package.json': '{}' };
    const member = await runBuild({ ...folder, ...workspace }, {}, { BERTH_PATH: 'apps/api' });
    expect(member.calls[0]).toMatchObject({ files: ['apps', 'package.json'] });
    expect(member.calls[0]?.args.slice(-3)).toEqual(['--file', 'apps/api/Dockerfile', '.']);
  });

  it('by buildpacks of a member of a workspace builds and starts the member', async () => {
    const files = {
      'package.json': JSON.stringify({ workspaces: ['apps/*'], scripts: { build: 'all', start: 'no' } }),
      'yarn.lock': '',
      "apps/it's/package.json": JSON.stringify({ scripts: { build: 'x', start: 'y' } }),
      "apps/it's/Procfile": 'web: node server.js\nrelease: node m.js',
    };
    const { calls, errors } = await runBuild(files, {}, { BERTH_PATH: "apps/it's" });
    const texts = Object.fromEntries(calls[0]?.texts ?? []);
    const there = String.raw`cd 'apps/it'\''s' && `;
    expect(texts.Procfile, errors).toBe(`web: ${there}node server.js\nrelease: ${there}node m.js\n`);
    expect(JSON.parse(texts['package.json'] ?? '').scripts).toEqual({
      build: `${there}yarn run build`,
      start: 'no',
    });
  });

  it('hands secrets to docker and to pack by name, and prints none of them', async () => {
    const secret = { BERTH_SECRET_NPM_TOKEN: 'npm_0123456789' };
    const failing = { status: 1, output: 'Error: npm_0123456789 is refused\n' };
    const docker = await runBuild({ Dockerfile: 'x' }, { 'docker build': failing }, secret);
    const pack = await runBuild({ x: 'x' }, { 'pack build': failing }, secret);
    expect(docker.calls[0]?.args).toEqual(expect.arrayContaining(['--secret', 'id=NPM_TOKEN,env=NPM_TOKEN']));
    expect(pack.calls[0]?.args).toEqual(expect.arrayContaining(['--env', 'NPM_TOKEN']));
    for (const { calls, output, outcome } of [docker, pack]) {
      expect(calls[0]?.env).toContain('NPM_TOKEN');
      expect(JSON.stringify([calls, output, outcome])).not.toContain('npm_0123456789');
      expect(outcome).toContain('Error: •••• is refused');
    }
    const { calls } = await runBuild({ Dockerfile: 'x' }, {}, secret);
    expect(calls.filter(({ env }) => env.includes('NPM_TOKEN')).map(({ args }) => args[0])).toEqual([
      'build',
    ]);
  });

  it('shows credentials to the AWS CLI and to docker push alone, and the links of the outcome to nobody', async () => {
    const { calls, output } = await runBuild({ Dockerfile: 'FROM x' });
    const seeing = (pattern: RegExp) =>
      calls.filter(({ env }) => env.some((name) => pattern.test(name))).map(({ args }) => args[0]);
    expect(seeing(/^AWS_/)).toEqual(['ecr']);
    expect(seeing(/^DOCKER_CONFIG$/)).toEqual(['push']);
    // The mark that finds the processes of a program tells nothing secret.
    expect(seeing(/^BERTH_(?!WORKLOAD$)/)).toEqual([]);
    expect(output).not.toMatch(/secret|pass/);
  });

  it('pulls from Docker Hub as the company’s account, which no output has', async () => {
    const hub = { BERTH_HUB_USERNAME: 'acme', BERTH_HUB_PASSWORD: 'dckr_0123456789' };
    const docker = await runBuild(
      { Dockerfile: 'x' },
      { 'docker build': { output: 'dckr_0123456789' } },
      hub,
    );
    const pack = await runBuild({ x: 'x' }, {}, hub);
    const auth = Buffer.from('acme:dckr_0123456789').toString('base64');
    for (const { calls, output, outcome } of [docker, pack]) {
      expect(JSON.parse(calls[0]?.config ?? '')).toEqual({
        auths: { 'https://index.docker.io/v1/': { auth } },
      });
      expect(calls[0]?.env.filter((name) => name.startsWith('BERTH_HUB'))).toEqual([]);
      const push = calls.find(({ args }) => args[0] === 'push');
      expect(Object.keys(JSON.parse(push?.config ?? '').auths)).toEqual(['registry.example']);
      expect(output + outcome).not.toContain('dckr_0123456789');
    }
  });

  it('of a Score file that names an image of others is that image, pulled with the project’s password', async () => {
    const score = SCORE.replace('image: .', 'image: ghcr.io/acme/web:1');
    const passwords = {
      BERTH_REGISTRIES: '[{"registry":"ghcr.io","username":"bot"}]',
      BERTH_REGISTRY_PASSWORD_0: 'ghp_0123456789',
    };
    const taken = await runBuild({ 'score.yaml': score, Dockerfile: 'x' }, {}, passwords);
    expect(readOutcome(taken.outcome), taken.errors).toMatchObject({
      digest: DIGEST,
      image: 'ghcr.io/acme/web:1',
      score,
    });
    expect(taken.calls.map(({ name, args }) => `${name} ${args[0]}`)).toEqual([
      'docker pull',
      'docker tag',
      'aws ecr',
      'docker push',
      'docker image',
    ]);
    const auth = Buffer.from('bot:ghp_0123456789').toString('base64');
    expect(JSON.parse(taken.calls[0]?.config ?? '')).toEqual({ auths: { 'ghcr.io': { auth } } });
    const refusal = { 'docker pull': { status: 1, output: 'denied: ghp_0123456789\n' } };
    const refused = await runBuild({ 'score.yaml': score }, refusal, passwords);
    expect(() => readOutcome(refused.outcome)).toThrow(/ghcr.io\/acme\/web:1 could not be pulled.*••••/s);
    for (const { calls, output, outcome } of [taken, refused])
      expect(JSON.stringify([calls.map(({ args, env }) => [args, env]), output, outcome])).not.toMatch(
        /ghp_/,
      );
  });

  it('by a Dockerfile has the stage and the arguments that the Score file names, and the release line of a Procfile', async () => {
    const annotations = {
      'berth.dev/dockerfile': 'docker/web',
      'berth.dev/build-target': 'production',
      'berth.dev/build-args': "A=1 'B=b c'",
    };
    const score = JSON.stringify({
      apiVersion: 'score.dev/v1b1',
      metadata: { name: 'web', annotations },
      containers: { main: { image: '.' } },
    });
    const Procfile = 'worker: python worker.py\nrelease: python migrate.py\n';
    const { calls, errors } = await runBuild({ 'score.yaml': score, 'docker/web': 'FROM x', Procfile });
    expect(calls[0]?.args.slice(3), errors).toEqual([
      ...['--target', 'production', '--build-arg', 'A=1', '--build-arg', 'B=b c'],
      ...['--label', 'dev.berth.release=python migrate.py', '--file', 'docker/web', '.'],
    ]);
    const without = await runBuild({ Dockerfile: 'FROM x', Procfile });
    expect(readOutcome(without.outcome).processes).toEqual({ worker: ['python', 'worker.py'] });
  });

  it.each<[string, Parameters<typeof runBuild>, string, RegExp]>([
    [
      'docker build fails',
      [{ Dockerfile: 'x' }, { 'docker build': { status: 3, output: 'no such step\n' } }],
      'build_failed',
      /docker build ended with exit code 3. Its last output:\nno such step/,
    ],
    [
      'no buildpack knows it',
      [{ x: 'x' }, { 'pack build': { status: 1, output: 'ERROR: failed with status code: 20\n' } }],
      'nothing_to_run',
      /no buildpack/,
    ],
    ['a buildpack fails', [{ x: 'x' }, { 'pack build': { status: 1 } }], 'build_failed', /pack build/],
    [
      'the registry refuses',
      [{ Dockerfile: 'x' }, { 'docker push': { status: 1 } }],
      'build_failed',
      /docker push/,
    ],
    ['the Score file is none', [{ Dockerfile: 'x', 'score.yaml': 'a: b' }], 'invalid_score', /Score/],
    ['the folder is missing', [{ x: 'x' }, {}, { BERTH_PATH: 'y' }], 'source_unavailable', /no folder "y"/],
    ['the archive escapes', [{ '../x': 'x' }], 'invalid_archive', /not allowed/],
    [
      'the ref is an option',
      [{}, {}, { BERTH_GIT_URL: 'https://git.example/a', BERTH_GIT_REF: '--upload-pack=x' }],
      'source_unavailable',
      /ref/,
    ],
    [
      'the URL leads inside',
      [{}, {}, { BERTH_GIT_URL: 'https://169.254.169.254/a', BERTH_GIT_REF: 'main' }],
      'source_unavailable',
      /./,
    ],
  ])('tells when %s', async (_, input, code, message) => {
    const { outcome, exitCode } = await runBuild(...input);
    expect(() => readOutcome(outcome)).toThrow(message);
    expect(JSON.parse(outcome)).toMatchObject({ error: { code } });
    expect(exitCode).toBe(1);
  });
});
