/**
 * Variables and build scripts of a developer steer the developer's own program. What Berth itself runs before,
 * beside and after it takes nothing from them, and nothing of a build outlives the build.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultRenderOptions } from '../../../functions/adapters/kubernetes/manifests/index.ts';
import { findProcess, sendSignal } from '../../../functions/adapters/system/marked-processes.ts';
import { manifestsOf } from '../../adapters/kubernetes/all-manifests.ts';
import { containerSpec, variable, workloadSpec } from '../../contracts/workloads/workloads-spec.ts';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { archive, program } from '../../support/programs.ts';

let subject: TestBerth;
let place: string;
const builds = '/v1/projects/shop/services/web/builds';
const instance = '/v1/projects/shop/environments/dev/services/web';

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'berth-abuse-environment-'));
  subject = await startBerth();
  await subject.api('POST', '/v1/projects', { name: 'shop' });
  await subject.api('POST', '/v1/projects/shop/services', { name: 'web' });
  await subject.operation('POST', '/v1/projects/shop/environments', { name: 'dev' });
});
afterAll(async () => {
  await subject?.close();
  rmSync(place, { recursive: true, force: true });
});

/** What steers a dynamic linker, an interpreter, git, npm, curl or a shell. */
const STEERING = [
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_EXTRA_CA_CERTS',
  'GIT_SSH_COMMAND',
  'GIT_CONFIG_COUNT',
  'GIT_EXEC_PATH',
  'GIT_PROXY_COMMAND',
  'npm_config_registry',
  'npm_config_script_shell',
  'HTTPS_PROXY',
  'BASH_ENV',
  'ENV',
  'PYTHONSTARTUP',
  'BERTH_DATA_DIR',
  'BERTH_PORT',
  'AWS_ENDPOINT_URL',
];

async function deploy(source: Uint8Array): Promise<Record<string, any>> {
  const built = await subject.operation('POST', builds, source);
  expect(built, JSON.stringify(built.error)).toMatchObject({ status: 'succeeded' });
  return subject.operation('POST', `${instance}/deployments`, { version: built.result.version });
}

describe('Variables of a workload', () => {
  it('that steer programs reach that workload and nothing of Berth', async () => {
    const before = { ...process.env };
    const lines = STEERING.map(
      (name) => `  ${name}: ${name === 'NODE_OPTIONS' ? '--no-deprecation' : '/evil'}`,
    );
    const source = await program('steered', { container: ['variables:', ...lines].join('\n') });
    expect(await deploy(source)).toMatchObject({ status: 'succeeded' });
    const seen = JSON.parse((await subject.workload('web.dev.shop.localhost', '/env')).text);
    for (const name of STEERING) expect(seen[name], name).toMatch(/^(?:\/evil|--no-deprecation)$/);
    expect(process.env).toEqual(before);
    // The next build is one of Berth's own programs, with none of that.
    const script = `require('node:fs').writeFileSync(${JSON.stringify(join(place, 'seen'))}, JSON.stringify(process.env))`;
    await subject.operation('POST', builds, await withBuild(script));
    const next = JSON.parse(readFileSync(join(place, 'seen'), 'utf8'));
    expect(JSON.stringify(next)).not.toContain('/evil');
  });

  it('are not where Berth puts its own: the port, the mark of its processes, the root', async () => {
    const mine = ['PORT: "1"', 'BERTH_WORKLOAD: mine', 'BERTH_ROOT: /', 'berth_workload: mine'];
    const source = await program('named', {
      container: ['variables:', ...mine.map((line) => `  ${line}`)].join('\n'),
    });
    expect(await deploy(source)).toMatchObject({ status: 'succeeded' });
    const seen = JSON.parse((await subject.workload('web.dev.shop.localhost', '/env')).text);
    expect(seen.PORT).not.toBe('1');
    expect(seen.BERTH_WORKLOAD).not.toBe('mine');
    expect(seen.BERTH_ROOT).toContain(subject.directory);
  });

  it.each(['LD_PRELOAD', 'PATH'])('%s that breaks a program breaks that one', async (name) => {
    const container = `variables:\n  ${name}: /nowhere/at/all.so`;
    const operation = await deploy(await program('preloaded', { container }));
    expect(['succeeded', 'failed']).toContain(operation.status);
    expect(await deploy(await program('honest'))).toMatchObject({ status: 'succeeded' });
    expect((await subject.workload('web.dev.shop.localhost')).text).toBe('honest');
  });

  it.each(['A=B', 'A B', 'A\nB', 'A\u0000B', '', '1A', 'A$(x)', 'BASH_FUNC_x%%'])(
    'have no name %j that a system reads otherwise',
    async (name) => {
      const workload = {
        apiVersion: 'score.dev/v1b1',
        metadata: { name: 'web' },
        containers: { main: { image: '.', variables: { [name]: '() { :; }; touch /tmp/x' } } },
      };
      const image = `sha256:${'a'.repeat(64)}`;
      const answer = await subject.api('POST', '/v1/projects/shop/services/web/versions', {
        image,
        workload,
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    },
  );

  it('in a cluster are in the container that declares them alone, and never in one of Berth’s', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const images = { [digest]: { reference: `registry.test/web@${digest}`, entrypoint: ['node'], cmd: [] } };
    const spec = workloadSpec({ project: 'demo', environment: 'dev' }, 1, [
      containerSpec(digest, { name: 'main', variables: STEERING.map((name) => variable(name, '/evil')) }),
      containerSpec(digest, { name: 'other', variables: [] }),
    ]);
    const objects = manifestsOf(spec, images, { ...defaultRenderOptions, domain: 'apps.example.com' });
    for (const object of objects) {
      if (object.kind !== 'Deployment') {
        expect(JSON.stringify(object), object.kind).not.toContain('GIT_SSH_COMMAND');
        continue;
      }
      const pod = object.spec!.template.spec!;
      const holders = [...pod.containers, ...(pod.initContainers ?? [])].filter((container) =>
        JSON.stringify(container).includes('GIT_SSH_COMMAND'),
      );
      expect(holders.map(({ name }) => name)).toEqual(['main']);
      expect(pod).not.toHaveProperty('envFrom');
    }
  });
});

/** A source whose build runs a script. */
const withBuild = (
  script: string,
  files: Record<string, string> = {},
  scripts: Record<string, string> = {},
) =>
  archive({
    'package.json': JSON.stringify({
      name: 'x',
      scripts: { build: 'node build.cjs', start: 'node a.js', ...scripts },
    }),
    'build.cjs': script,
    'a.js': '',
    ...files,
  });

describe('A build script', () => {
  it('sees no secret of Berth, and no way to its administrator', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'canary-of-berth');
    vi.stubEnv('BERTH_TOKEN', 'canary-of-berth');
    const script = `console.log(JSON.stringify(process.env)); console.log(process.argv.join(' '))`;
    const operation = await subject
      .operation('POST', builds, await withBuild(script))
      .finally(() => vi.unstubAllEnvs());
    const { body } = await subject.api('GET', `/v1/operations/${operation.id}/logs`);
    const output = JSON.stringify(body);
    expect(output).toContain('npm_lifecycle_event');
    for (const secret of ['canary-of-berth', subject.token]) expect(output).not.toContain(secret);
  });

  it.each<[string, Record<string, string>]>([
    [
      'a shell of its own',
      { '.npmrc': 'script-shell=/nowhere/evil\nnode-options=--require /nowhere/x.js\n' },
    ],
    ['the places of npm', { '.npmrc': 'globalconfig=/etc/passwd\nprefix=/nowhere\ncache=/nowhere/x\n' }],
  ])('with settings for %s leaves the next build as it was', async (_what, files) => {
    const operation = await subject.operation('POST', builds, await withBuild('', files));
    expect(['succeeded', 'failed']).toContain(operation.status);
    expect(existsSync('/nowhere')).toBe(false);
    expect(await subject.operation('POST', builds, await withBuild(''))).toMatchObject({
      status: 'succeeded',
    });
  });

  it.skipIf(process.platform !== 'linux').each([
    ['in a session of its own', `detached: true`],
    ['in a session of its own, twice removed', `detached: true, shell: true`],
    ['with none of its pipes', `detached: true, stdio: 'ignore'`],
    ['that has wiped its mark and holds the pipes', `detached: true, env: {}`],
  ])('that starts something %s takes it along and ends', async (_what, options) => {
    const file = join(place, `pid-${Math.random()}`);
    const inner = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setTimeout(() => {}, 60000)`;
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, [require('node:path').resolve('inner.cjs')], { ${options}, ${options.includes('stdio') ? '' : "stdio: 'inherit'"} });
      child.unref();
      const wait = () => require('node:fs').existsSync(${JSON.stringify(file)}) || setTimeout(wait, 10);
      wait();`;
    const operation = await subject.operation(
      'POST',
      builds,
      await withBuild(script, { 'inner.cjs': inner }),
    );
    const pid = Number(readFileSync(file, 'utf8'));
    try {
      expect(operation.status).toBe('succeeded');
      // Who wipes the mark is not found; the build ends all the same.
      const isMarked = !options.includes('env');
      const isThere = async () => (await findProcess(pid)) !== undefined;
      await vi.waitFor(async () => expect(await isThere()).toBe(!isMarked), { timeout: 30_000 });
    } finally {
      sendSignal(pid, 'SIGKILL');
    }
    expect(readdirSync(join(subject.directory, 'builds', 'work'))).toEqual([]);
  });
});
