import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createProgram } from '../../cli/src/program.ts';
import { startBerth, type TestBerth } from '../support/berth.ts';
import { type LineReceiver, openLineReceiver } from '../support/drains/line-receiver.ts';
import { type CommandLine, createCommandLine, type Run } from './support.ts';

const SERVER = `
const { createServer } = require('node:http');
createServer((request, response) => response.end('hello ' + process.env.GREETING)).listen(process.env.PORT);
console.log('WARN it listens');
`;
const SCORE = `apiVersion: score.dev/v1b1
metadata: {name: web}
service: {ports: {www: {port: 80, targetPort: 8080}}}
containers:
  web:
    image: .
    variables: {PORT: "8080", GREETING: "\${resources.env.GREETING}", KEY: "\${resources.env.KEY}"}
resources:
  env: {type: environment}
`;

let berth: TestBerth;
let receiver: LineReceiver;
let cli: CommandLine;
/** Commands that were run: a command that no test runs is not done. */
const ran = new Set<string>();

const leaves = (command: Command, path: string[] = []): string[] =>
  command.commands.flatMap((each) => {
    const here = [...path, each.name()];
    if (each.name().startsWith('_')) return [];
    return each.commands.length === 0 ? [here.join(' ')] : leaves(each, here);
  });
const all = leaves(createProgram('test'));

function run(line: string, options?: Parameters<CommandLine['run']>[1]): Promise<Run> {
  const found = all
    .filter((name) => line === name || line.startsWith(`${name} `))
    .sort((a, b) => b.length - a.length);
  if (found[0] !== undefined) ran.add(found[0]);
  return cli.run(line.split(' '), options);
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Runs what has to succeed. @returns what it printed */
async function ok(line: string, options?: Parameters<CommandLine['run']>[1]): Promise<string> {
  const { exitCode, out, err } = await run(line, options);
  expect(exitCode, `${line}: ${err}`).toBe(0);
  return out.trim();
}

beforeAll(async () => {
  // No name server answers there.
  receiver = await openLineReceiver();
  berth = await startBerth({
    domains: { dnsServers: ['127.0.0.1:1'] },
    trustedReceivers: [receiver.origin],
  });
  cli = createCommandLine({
    'package.json': '{"scripts": {"start": "node server.js"}}',
    'server.js': SERVER,
    'score.yaml': SCORE,
    '.env': 'PRIVATE=1',
  });
});
afterAll(async () => {
  cli.close();
  await berth.close();
  receiver.close();
});

describe('The command line', () => {
  it('says what to do where no server is known, and where nobody is signed in', async () => {
    const unknown = await run('whoami');
    expect(unknown).toMatchObject({ exitCode: 4, out: '' });
    expect(unknown.err).toContain('berth login https://');
    const signedOut = await run(`projects list --server ${berth.url}`);
    expect(signedOut).toMatchObject({ exitCode: 4, out: '' });
    expect(signedOut.err).toContain('berth login');
    const away = await run(`projects list --server http://127.0.0.1:${await closedPort()}`);
    expect(away).toMatchObject({ exitCode: 5 });
    expect(away.err).toContain('ECONNREFUSED');
  });

  it('signs in with a token, which nobody else on the machine can read', async () => {
    await ok(`login ${berth.url} --name here --token`, { input: `${berth.token}\n` });
    expect(await ok('whoami')).toContain(berth.url);
    expect(statSync(cli.settings).mode & 0o777).toBe(0o600);
    expect(await ok('contexts')).toContain('here');
    await ok('contexts here');
    expect(await ok('doctor')).toContain('answers');
  });

  it('sends a token to no other server than the one that gave it', async () => {
    const other = await run(`whoami --server http://127.0.0.1:${await closedPort()}`);
    expect(other.exitCode).toBe(5);
    const renamed = await run(`whoami --server ${berth.url.replace('127.0.0.1', 'localhost')}`);
    expect(renamed.exitCode).toBe(4);
  });

  it('makes projects and environments, and remembers what a folder is', async () => {
    expect(await ok('projects create shop')).toBe('shop');
    expect(await ok('projects list')).toContain('shop');
    expect(await run('config set A=1')).toMatchObject({
      exitCode: 1,
      err: expect.stringMatching(/Which project is meant\?[\s\S]*berth up/),
    });
    expect((await run('link --project chop --env dev')).err).toMatch(
      /no project chop yet: berth up makes it/,
    );
    const linked = await run('link --project shop --env dev --service web');
    expect(linked).toMatchObject({
      exitCode: 0,
      err: expect.stringMatching(/no environment dev in project shop/),
    });
    expect(linked.err).toMatch(/no service web/);
    expect(await run('doctor')).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/✗ folder +There is no environment "dev"/),
    });
    await ok('env create dev');
    expect(await ok('env list')).toMatch(/dev +ready +persistent/);
    expect(await ok('env show')).toContain('ready');
  });

  it('sets variables and secrets, singly and from a file, in one step each', async () => {
    await ok('config set GREETING=ada EMPTY= TWO=a=b');
    const unread = await run('config set TWO=b');
    expect(unread).toMatchObject({
      exitCode: 0,
      err: expect.stringMatching(/Nothing is deployed to dev yet/),
    });
    expect(unread.err).not.toContain('restart');
    expect((await run('config set my-name=1')).err).toMatch(/no name of a variable[\s\S]*my_name/);
    expect((await run('config set PORT=1')).err).toMatch(/Berth itself says in PORT/);
    await ok('config unset PORT');
    await ok('config unset TWO');
    expect(await ok('config list')).toMatch(/GREETING +ada/);
    const exported = await ok('config export');
    expect(exported).toBe('EMPTY=\nGREETING=ada');
    writeFileSync(join(cli.folder, 'new.env'), `${exported}\nQUOTED='it is "so"'\n`);
    await ok('config import new.env');
    expect(await cli.json(['config', 'list'])).toMatchObject([
      { name: 'EMPTY', value: '' },
      { name: 'GREETING', value: 'ada' },
      { name: 'QUOTED', value: 'it is "so"' },
    ]);
    await ok('secrets set KEY', { input: 'correct horse\n' });
    await ok('secrets set SPARE', { input: 'battery' });
    expect(await run('secrets set SPARE', { input: '\n' })).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('Standard input is empty'),
    });
    expect(await ok('secrets list')).toMatch(/KEY/);
    await ok('secrets unset SPARE --yes');
    expect(await cli.json(['secrets', 'list'])).toHaveLength(1);
    await ok('build-secrets set NPM_TOKEN', { input: 'npm_12345678' });
    expect(await ok('build-secrets list')).toMatch(/NPM_TOKEN/);
    await ok('build-secrets unset NPM_TOKEN');
    await ok('registries set GHCR.io --username bot', { input: 'ghp_12345678' });
    expect(await ok('registries list')).toMatch(/ghcr\.io +bot/);
    await ok('registries unset ghcr.io');
  });

  it('says how each database is masked, and leaves the rules of the others', async () => {
    writeFileSync(join(cli.folder, 'mask.sql'), "UPDATE users SET name = 'somebody';\n");
    expect((await run('masking set postgres.default#db')).err).toContain('--nothing');
    await ok('masking set postgres.default#db mask.sql');
    await ok('masking set postgres.default#logs --nothing');
    expect((await run('masking set postgres.default#db -', { input: 'UPDATE $$' })).err).toMatch(
      /can not be read/,
    );
    expect(await cli.json(['masking', 'list'])).toEqual([
      { resource: 'postgres.default#db', sql: "UPDATE users SET name = 'somebody';\n" },
      { resource: 'postgres.default#logs', sql: '' },
    ]);
    expect(await ok('masking list')).toMatch(/#logs +nothing to mask/);
    expect((await run('masking unset postgres.default#none')).err).toContain('There is no rule');
    await ok('masking unset postgres.default#logs');
    expect((await run('masking unset postgres.default#db')).err).toContain('no rule left');
  });

  it('writes a score.yaml that fits the source, and no other over one that is there', async () => {
    expect((await run('init')).err).toContain('--force');
    const made = parse(await ok('init --print'));
    expect(made).toMatchObject({
      service: { ports: { www: { port: 80, targetPort: 8080 } } },
      containers: { main: { image: '.', variables: { PORT: '8080' } } },
    });
  });

  it('says what is wrong with a score.yaml, with the lines, each time that it is written', async () => {
    mkdirSync(join(cli.folder, 'look'));
    const file = join(cli.folder, 'look', 'score.yaml');
    writeFileSync(file, SCORE);
    await ok('check look');
    writeFileSync(file, SCORE.replace('type: environment', 'type: environmint'));
    const wrong = await run('check look');
    expect(wrong).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/^score\.yaml:9:\d+: .*environmint/),
    });
    const watching = cli.start(['check', '--watch', 'look']);
    await watching.printed(/score\.yaml:9:/);
    writeFileSync(file, SCORE);
    await watching.printed(/✓ /);
    await watching.stop();
    rmSync(join(cli.folder, 'look'), { recursive: true });
  });

  it('tells VS Code which schema the file has', async () => {
    mkdirSync(join(cli.folder, 'edited'));
    writeFileSync(join(cli.folder, 'edited', 'index.html'), 'hello');
    await ok('init --vscode edited --service edited');
    const settings = JSON.parse(readFileSync(join(cli.folder, 'edited', '.vscode', 'settings.json'), 'utf8'));
    const [url = ''] = Object.keys(settings['yaml.schemas']);
    expect(await (await fetch(url)).text()).toContain('score.yaml, as Berth takes it');
    rmSync(join(cli.folder, 'edited'), { recursive: true });
  });

  it('imports manifests of another platform, writes over nothing, and sends no values', async () => {
    mkdirSync(join(cli.folder, 'old'));
    const compose = `services:
  api: {build: ., ports: ["3000:3000"], env_file: [.env], environment: {DATABASE_URL: "postgres://a:b@db/c"}}
  db: {image: "postgres:16"}
`;
    writeFileSync(join(cli.folder, 'old', 'compose.yaml'), compose);
    writeFileSync(join(cli.folder, 'old', '.env'), "PEM='-----BEGIN\nabc=\n'\nLEVEL=info\n");
    const printed = await run('import --print old');
    expect(parse(printed.out)).toMatchObject({
      containers: {
        api: { variables: { DATABASE_URL: '${resources.db.url}', LEVEL: '${resources.env.LEVEL}' } },
      },
    });
    expect(printed.out).not.toMatch(/abc|info/);
    expect(printed.err).toContain('berth config import .env');
    await ok('import old');
    expect(readFileSync(join(cli.folder, 'old', 'score.yaml'), 'utf8')).toBe(
      printed.out.replace(/^# .*\n/, '').replace(/\n\n$/, '\n'),
    );
    expect(await run('import old')).toMatchObject({ exitCode: 1, err: expect.stringContaining('--force') });
    await ok('import old --force');
    rmSync(join(cli.folder, 'old'), { recursive: true });
  });

  it('makes nothing for a folder that has nothing to build', async () => {
    mkdirSync(join(cli.folder, 'bare'));
    expect((await run('up bare --service bare')).err).toContain('nothing to build');
    expect((await run('up gone --service bare')).err).toContain('There is no folder');
    const { items } = (await berth.api('GET', '/v1/projects/shop/services')).body;
    expect(items.map(({ name }: { name: string }) => name)).not.toContain('bare');
  });

  it('brings a folder up: builds it, deploys it and prints its address', async () => {
    const { exitCode, out, err } = await run('up --tag v1');
    expect(exitCode, err).toBe(0);
    expect(err).toContain('Detected');
    expect(err).toMatch(/✓ await rollout/);
    const { host } = new URL(out.trim());
    expect((await berth.workload(host.split(':')[0] ?? '')).text).toBe('hello ada');
    expect(await ok('open')).toBe(out.trim());
    expect(await ok('ps')).toMatch(/dev +web +\S.* 1\/1 +v1/);
    expect(await ok('logs -n 50')).toContain('it listens');
    const [trace] = JSON.parse(await ok('traces --json'));
    expect(await ok('traces --all --order slowest --min 0')).toContain(trace.id);
    expect(await ok('traces --failed')).toBe('');
    expect(await ok(`trace ${trace.id}`)).toMatch(/web \(router\) +GET \/ +━/);
    expect(await ok('versions')).toContain('v1');
    // It serves, so that it stays.
    expect((await run('versions delete v1 --yes')).err).toContain('is held');
    expect((await run('config set GREETING=ada')).err).toMatch(/^web reads it, .* berth restart\s*$/);
    expect((await run('config set OTHER=1')).err).toMatch(
      /Nothing .* dev reads OTHER\b.*berth\.dev\/variables: all/,
    );
    await ok('config unset OTHER');
    expect((await run('secrets set KEY', { input: 'correct horse' })).err).toMatch(/^web reads it/);
    const spare = await run('secrets set SPARE', { input: 'battery' });
    expect(spare.err).toMatch(/Nothing .* dev reads SPARE/);
    expect(spare.err).not.toContain('berth restart');
    await ok('secrets unset SPARE --yes');
    expect(await ok('logs --level error')).not.toContain('it listens');
    expect(await ok('logs --all --search @service:web')).toMatch(/web .*it listens/);
    expect(await ok('logs --all --search -listens')).not.toContain('it listens');
    expect(
      (await ok('logs --since 10m --json')).split('\n').map((line) => JSON.parse(line).message),
    ).toContain('WARN it listens');
  });

  it('writes what serves as manifests that need no Berth, without a value of a secret', async () => {
    const needed = await run('eject');
    expect(needed).toMatchObject({ exitCode: 1, err: expect.stringContaining('--registry') });
    const first = await run('eject --registry registry.example.com/team');
    expect(first.exitCode, first.err).toBe(0);
    expect(first.err).toContain('Left:');
    expect(first.err).toMatch(/Secret:.*\$\{resources\.env\.KEY\}/);
    const text = readFileSync(join(cli.folder, 'manifests/services/web.yaml'), 'utf8');
    expect(text).toContain('registry.example.com/team/shop/web@sha256:');
    expect(text).not.toContain('correct horse');
    expect(readFileSync(join(cli.folder, 'manifests/environment.yaml'), 'utf8')).toContain('kind: Namespace');
    const again = await run('eject --registry registry.example.com/team');
    expect(again).toMatchObject({ exitCode: 1, err: expect.stringContaining('berth eject --force') });
    expect(await ok('eject --all --print --registry registry.example.com')).toContain('kind: Deployment');
    rmSync(join(cli.folder, 'manifests'), { recursive: true });
  });

  it('plans by exit code, deploys, promotes, shows what differs and goes back', async () => {
    const version = await ok('build --tag v2');
    await ok('config set GREETING=grace');
    const plan = await run('plan');
    expect(plan).toMatchObject({ exitCode: 2 });
    expect(plan.out).toContain('GREETING');
    await ok(`deploy ${version}`);
    expect((await run('plan')).exitCode).toBe(0);
    const diff = await run('diff 2');
    expect(diff.exitCode).toBe(2);
    expect(diff.out).toContain('GREETING');
    expect((await run('rollback')).err).toContain('Nothing else has been deployed');
    await ok('rollback 1');
    expect(await ok('releases')).toMatch(/#3 +rollback/);
    await ok('env create live');
    await ok('config set GREETING=live --env live');
    await ok('secrets set KEY --env live', { input: 'x' });
    expect((await run('promote live --env live')).err).toContain('where it would be deployed to');
    await ok('promote dev --env live');
    expect(await ok('ps --env live')).toContain('live');
    expect(await ok('env show live')).toMatch(/^service +web$/m);
    expect(await ok('ps --all --env none')).toMatch(/^live +web /m);
  });

  it('takes a version along the pipeline, shows what is behind, and stops where it is told to', async () => {
    for (const name of ['eu', 'us']) {
      await ok(`env create ${name}`);
      await ok(`secrets set KEY --env ${name}`, { input: 'correct horse' });
      await ok(`config set GREETING=grace --env ${name}`);
    }
    await ok('pipeline set dev eu@1s us');
    expect((await run('pipeline set dev eu us=eu')).exitCode).toBe(1);
    expect(await ok('pipeline')).toMatch(/eu is behind:/);
    const through = await run('promote dev --through us');
    expect(through.exitCode, through.err).toBe(0);
    expect(through.err).toMatch(/✓ eu[\s\S]*✓ us/);
    expect((await cli.json(['pipeline'])).stages[2].environments[0]).toMatchObject({ behind: [] });
    expect(await ok('pipeline promotions')).toMatch(/succeeded/);
    await ok('promote dev --to eu,us --no-wait');
    await ok('pipeline cancel');
    expect((await run('pipeline cancel --service none')).exitCode).toBe(1);
    await ok('pipeline unset');
    expect((await run('pipeline')).err).toContain('berth pipeline set');
    await expect
      .poll(async () => (await cli.json(['pipeline', 'promotions']))[0].state, { timeout: 20_000 })
      .toBe('canceled');
    for (const name of ['eu', 'us']) await ok(`env destroy ${name} --yes`);
  });

  it('restarts, scales, stops, starts and removes', async () => {
    await ok('restart');
    await ok('scale 2');
    expect(await ok('ps --env dev')).toContain('2/2');
    await ok('scale auto');
    await ok('stop');
    expect(await ok('ps --env dev')).toMatch(/stopped/i);
    await ok('start');
    await ok('secrets rotate KEY');
    expect((await run('remove --env live')).err).toContain('--yes');
    await ok('remove --env live --yes');
  });

  it('tells why something was refused, with its code for programs, and what failed, by another exit code', async () => {
    const missing = await run('deploy v9 --json');
    expect(missing.exitCode).toBe(1);
    expect(JSON.parse(missing.err).error.code).toBe('not_found');
    writeFileSync(join(cli.folder, 'server.js'), 'process.exit(3)');
    const failed = await run('up');
    expect(failed.exitCode).toBe(3);
    expect(failed.err).toContain('exited with code 3');
    expect((await run('scale many')).exitCode).toBe(1);
    expect((await run('deploi')).err).toContain('Did you mean deploy?');
    expect((await run('approve 1')).exitCode).toBe(1);
    expect((await run('reject 1')).exitCode).toBe(1);
  });

  it('shows operations and events, and cancels', async () => {
    expect(await ok('events -n 5')).toContain('deployment.failed');
    const [newest] = await cli.json(['operations', 'list']);
    expect(await ok('operations list')).toContain(newest.id);
    expect(await ok(`operations show ${newest.id}`)).toContain('failed');
    expect((await run(`operations watch ${newest.id}`)).exitCode).toBe(3);
    expect((await run(`operations cancel ${newest.id}`)).exitCode).toBe(1);
  });

  it('lets people in, and makes tokens that do no more than they should', async () => {
    await ok('members set user:grace viewer');
    expect(await ok('members list')).toMatch(/user:grace +viewer/);
    await ok('members remove user:grace');
    const { id, token } = await cli.json(['tokens', 'create', 'ci', '--role', 'viewer']);
    ran.add('tokens create');
    expect(await ok('tokens list')).toContain(id);
    const env = { BERTH_TOKEN: token };
    expect((await run('ps', { env })).exitCode).toBe(0);
    expect((await run('restart', { env })).exitCode).toBe(1);
    await ok(`tokens revoke ${id}`);
    expect((await run('ps', { env })).exitCode).toBe(4);
  });

  it('connects a service to a repository, and lets in what a fork asks for', async () => {
    const repository = '/no/such/octo/shop';
    const options = '--provider github --api https://git.example.com/api --rule main=dev --previews dev';
    const shown = await ok(`connect ${repository} ${options}`);
    const [, path = ''] = /URL +http:\/\/[^/]+(\S+)/.exec(shown) ?? [];
    const [, secret = ''] = /Secret +(\S+)/.exec(shown) ?? [];
    expect(await ok('connection show')).toContain('main -> dev');
    const commit = 'c'.repeat(40);
    const payload = JSON.stringify({
      action: 'opened',
      number: 7,
      repository: { full_name: 'no/such/octo/shop' },
      pull_request: {
        title: 'A change',
        head: { sha: commit, ref: 'change', repo: null },
        base: { sha: commit, ref: 'main' },
      },
    });
    const delivered = await fetch(new URL(path, berth.url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'pull_request',
        'x-github-delivery': '1',
        'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(payload).digest('hex')}`,
      },
      body: payload,
    });
    expect(delivered.status).toBe(201);
    expect(await ok('previews list')).toMatch(/web +#7 +held/);
    expect(await ok(`previews approve 7 ${commit}`)).toContain('waiting');
    expect(await ok('deliveries list')).toContain('has not approved it');
    await ok('deliveries redeliver 1');
    expect(await ok('connection rotate')).toMatch(/Secret +\S{40}/);
    await ok('connection remove --yes');
    expect((await run('connection show')).exitCode).toBe(1);
  });

  it('runs commands beside a service, and ends with their exit codes', async () => {
    expect(await ok('run --env dev --process web -- node -p process.env.GREETING')).toMatch(/./);
    const failed = await run('run --env dev -- node -e process.exit(7)');
    expect(failed).toMatchObject({ exitCode: 7, err: expect.stringContaining('exit code 7') });
    expect(await ok('runs --env dev')).toMatch(/failed +7 .* node -e process\.exit\(7\)/);
    await ok('run --env dev -- node -p 6*7');
    const [{ id }] = await cli.json(['runs', '--env', 'dev']);
    expect(await ok(`logs --run ${id}`)).toContain('42');
    expect(await ok(`logs -f --run ${id}`)).toContain('42');
  });

  it('opens a shell into a service that runs, and ends with its exit code', async () => {
    const typed = await run('exec --env dev', { input: 'echo "it is $GREETING"; ls; exit 5\n' });
    expect(typed).toMatchObject({ exitCode: 5, out: expect.stringMatching(/^it is .+\n[\s\S]*server\.js/) });
    expect(await ok('exec --env dev --process web -- node -p process.env.GREETING')).toMatch(/./);
    const counting =
      'let n = 0; process.stdin.on("data", (d) => (n += d.length)).on("end", () => console.log(n))';
    const counted = await cli.run(['exec', '--env', 'dev', '--', 'node', '-e', counting], {
      input: 'x'.repeat(3_000_000),
    });
    expect(counted.out.trim()).toBe('3000000');
    for (const verb of ['exec', 'run'])
      expect(await run(`${verb} --env dev --process worker -- ls`)).toMatchObject({
        exitCode: 1,
        err: expect.stringMatching(/has no process "worker"[\s\S]*It has web alone/),
      });
    expect(await ok('events --json -n 5')).toContain('"bytesIn": 0');
  });

  it('sets, suspends, runs and deletes jobs', async () => {
    const schedule = ['--schedule', '30 2 * * *', '--zone', 'Europe/Berlin'];
    const words = ['--', 'node', '-p', '`$(PORT)`'];
    ran.add('jobs set');
    const set = await cli.run(['jobs', 'set', 'nightly', '--env', 'dev', ...schedule, ...words]);
    expect(set.err).toMatch(/^nightly runs next in \d+ (?:h|min)\.$/m);
    await ok('jobs suspend nightly --env dev');
    expect(await ok('jobs list --env dev')).toContain('suspended');
    await ok('jobs resume nightly --env dev');
    expect(await ok('jobs run nightly --env dev')).toBe('$(PORT)');
    expect(await ok('runs --job nightly --env dev --json')).toContain('"exitCode": 0');
    await ok('jobs delete nightly --env dev');
    expect((await run('jobs delete nightly --env dev')).exitCode).toBe(1);
  });

  it('says what is missing where no database can be backed up or restored', async () => {
    for (const asked of ['db backup', 'db backups', 'db restore --undo', 'db plan', 'db import --from a.sql'])
      expect((await run(`${asked} --env dev`)).err).toContain('The environment has no database.');
    const other = await run('db restore --env dev');
    expect(other.err).toContain('Name a backup of `berth db backups`, or add --undo.');
  });

  it('shows what fires with what to do next, says who looks after it, and silences it', async () => {
    expect((await run('alerts ack')).err).toContain('No alert fires.');
    const set = 'jobs set ends-badly --env dev -- node -e process.exit(3)'.split(' ');
    await cli.run([...set.slice(0, 3), '--schedule', '0 0 1 1 *', ...set.slice(3)]);
    await run('jobs run ends-badly --env dev');
    await expect.poll(() => ok('alerts list'), { timeout: 60_000 }).toMatch(/ends-badly +firing/);
    expect(await ok('alerts list')).toContain('berth runs -p ');
    await ok('alerts ack --note Mine');
    const [alert] = JSON.parse(await ok('alerts list --json'));
    expect(alert).toMatchObject({ rule: 'job', acknowledged: { note: 'Mine' } });
    const { id } = JSON.parse(await ok('alerts silence --for 2h --reason Known --rule job --in dev --json'));
    expect(await ok('alerts silences')).toMatch(/job +dev +all/);
    await ok(`alerts unsilence ${id}`);
    await ok('jobs delete ends-badly --env dev');
    await expect.poll(() => ok('alerts list --all'), { timeout: 60_000 }).toMatch(/ends-badly +resolved/);
  });

  it('sends output elsewhere, says how far that is, pauses it and ends it', async () => {
    expect((await run('drains list')).err).toContain('Nothing is sent anywhere.');
    const asked = `drains add ${receiver.origin}/in --format ndjson --envs dev pr-* --operations`;
    const made = JSON.parse(await ok(`${asked} --header-stdin x-key --json`, { input: 'k3y\n' }));
    expect(made).toMatchObject({ headers: ['x-key'], filter: { environments: ['dev', 'pr-*'] } });
    expect((await run(`drains test ${made.id}`)).err).toContain('It was taken, with the status 200.');
    expect(receiver.requests.at(-1)).toMatchObject({ path: '/in', headers: { 'x-key': 'k3y' } });
    receiver.answer = (_request, response) => void response.writeHead(500).end();
    expect(await run(`drains test ${made.id}`)).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('the answer has the status 500'),
    });
    expect(await ok(`drains show ${made.id}`)).toContain('environments: dev, pr-*');
    await ok(`drains pause ${made.id}`);
    expect(await ok('drains list')).toMatch(/ndjson +127\.0\.0\.1:\d+ +paused +0 +0/);
    await ok(`drains resume ${made.id}`);
    await ok(`drains remove ${made.id}`);
    expect((await run(`drains show ${made.id}`)).exitCode).toBe(1);
  });

  it('shows what environments cost, and one of them', async () => {
    expect(await ok('cost')).toMatch(/dev +ready +\d+\.\d\d +\d\.\d\d .*\n[\s\S]*All: .* if it ran on AWS\./);
    expect(await ok('cost -e dev')).toMatch(/eks\.nodeHour[\s\S]*dev: \d+\.\d\d USD a month/);
    expect(JSON.parse(await ok('cost --json')).idle).toMatchObject({ days: 7, environments: [] });
    expect((await run('cost --idle-days never')).err).toContain('whole number from 1 to 365');
  });

  it('adds, checks and removes domains, and shows what the DNS has to say', async () => {
    const added = await ok('domains add WWW.Example.com --env dev');
    expect(added).toMatch(/^TYPE .*\nTXT +_berth\.www\.example\.com +berth-verify=\w{32}\nWaiting for DNS: /);
    expect(await ok('domains check www.example.com --env dev')).toContain('could not be looked at');
    expect(await ok('domains list --env dev')).toMatch(/www\.example\.com +web +waiting_for_dns +Waiting/);
    expect((await run('domains add *.example.com --env dev')).err).toContain('wildcard');
    await ok('domains remove www.example.com --env dev');
    expect(JSON.parse(await ok('domains list --env dev --json'))).toEqual([]);
  });

  it('steers a version that takes over step by step', async () => {
    const steps =
      '  annotations: {berth.dev/strategy: canary, berth.dev/steps: "50% 5m, 80% hold", berth.dev/bake-seconds: "1"}\n';
    writeFileSync(join(cli.folder, 'server.js'), SERVER);
    writeFileSync(
      join(cli.folder, 'score.yaml'),
      SCORE.replace('metadata: {name: web}\n', `metadata:\n  name: web\n${steps}`),
    );
    const version = await ok('build --tag steps --env dev');
    /** Once it has a part of the requests. */
    const begun = async () => {
      for (let tries = 0; tries < 100; tries++) {
        const told = await cli.run(['rollout', '--env', 'dev', '--json']);
        if (told.exitCode === 0 && JSON.parse(told.out).percent > 0) return;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      throw new Error('No step has begun.');
    };
    await ok(`deploy ${version} --env dev --no-wait`);
    await begun();
    await ok('rollout pause --env dev');
    await ok('rollout resume --env dev');
    expect((await cli.run(['rollout', '--env', 'dev'])).out).toContain('50 %');
    await ok('rollout continue --env dev');
    const watching = cli.start(['rollout', 'watch', '--env', 'dev']);
    await watching.printed(
      /80 % of the requests, step 2 of \d; it waits until you go on: berth rollout continue/,
    );
    await watching.stop();
    await ok('rollout promote --env dev');
    await ok('rollout watch --env dev');
    expect(await ok('ps --env dev')).toContain('steps');
    await ok('rollout retry --env dev --no-wait');
    await begun();
    await ok('rollout abort --env dev');
    expect((await run('rollout watch --env dev')).exitCode).toBe(3);
  });

  it('tells of places, and why a cluster can not be added here', async () => {
    expect(await ok('places list')).toMatch(/^home \* +/m);
    expect(await ok('places show home')).toContain('home');
    expect((await run('places add far --domain far.example.com')).err).toContain('--context');
    const added = await run('places add far --domain far.example.com --context far');
    expect(added).toMatchObject({ exitCode: 1, err: expect.stringContaining('BERTH_PLACES_KUBECONFIG') });
    await ok('places change home --label zone=here');
    expect(await ok('places list')).toContain('zone=here');
    expect((await run('places remove home --yes')).exitCode).toBe(1);
  });

  it('checks, puts, plans and rolls recipes, and tells what each changes', async () => {
    const recipe = (text: string) => `type: shop-greeting
description: How the shop greets
resources:
  main: {type: environment}
outputs:
  greeting: "${text}"
`;
    const file = join(cli.folder, 'greeting.yaml');
    writeFileSync(file, recipe('${resources.mian.GREETING}'));
    const wrong = await run('recipes check greeting.yaml');
    expect(wrong).toMatchObject({
      exitCode: 1,
      out: expect.stringMatching(/^greeting\.yaml:6:13: outputs\.greeting .*there are main/),
    });
    expect((await run('recipes put greeting.yaml')).exitCode).toBe(1);
    writeFileSync(file, recipe('${resources.main.GREETING}!'));
    await ok('recipes check greeting.yaml');
    expect(await ok('recipes put greeting.yaml')).toContain('shop-greeting has version 1');
    expect(await ok('recipes list')).toMatch(/^shop-greeting +1 /m);

    await berth.api('POST', '/v1/projects/shop/services', { name: 'greeter' });
    mkdirSync(join(cli.folder, 'greeter'));
    writeFileSync(join(cli.folder, 'greeter', 'package.json'), '{"scripts": {"start": "node server.js"}}');
    writeFileSync(join(cli.folder, 'greeter', 'server.js'), SERVER);
    const asks = SCORE.replace('${resources.env.GREETING}', '${resources.words.greeting}')
      .replace('"${resources.env.KEY}"', '"1"')
      .replace('env: {type: environment}', 'words: {type: shop-greeting}');
    writeFileSync(join(cli.folder, 'greeter', 'score.yaml'), asks);
    await ok('env create greets');
    await ok('config set GREETING=ada --env greets');
    await ok('build greeter --service greeter');
    await ok('deploy --service greeter --env greets');
    const says = async () => (await berth.workload('greeter.greets.shop.localhost')).text;
    expect(await says()).toBe('hello ada!');
    expect((await run('recipes delete shop-greeting --yes')).err).toContain('shop/greets/greeter');

    writeFileSync(file, recipe('${resources.main.GREETING}?'));
    const planned = await run('recipes put greeting.yaml --plan');
    expect(planned).toMatchObject({ exitCode: 2, out: expect.stringMatching(/GREETING.*!.*→.*\?/) });
    await ok('recipes put greeting.yaml');
    expect((await run('recipes roll shop-greeting --plan')).exitCode).toBe(2);
    expect((await run('recipes roll shop-greeting')).err).toContain('--yes');
    expect(await says()).toBe('hello ada!');
    const rolled = await run('recipes roll shop-greeting --yes');
    expect(rolled, rolled.err).toMatchObject({ exitCode: 0 });
    expect(rolled.err).toMatch(/Persistent environments:[\s\S]*✓ shop\/greets\/greeter/);
    expect(await says()).toBe('hello ada?');
    expect((await run('recipes roll shop-greeting --yes')).err).toContain('Nothing has to be deployed');
    expect(await ok('recipes show shop-greeting 1')).toContain('GREETING}!');
    await ok('env destroy greets --yes');
    await ok('recipes delete shop-greeting --yes');
  });

  it('keeps the rules of the GitHub App, and says that none is registered', async () => {
    expect((await run('github-app allow */*')).exitCode).toBe(1);
    await ok('github-app allow octo/shop-*');
    const shown = await run('github-app show');
    expect(shown.out).toMatch(/^shop +octo\/shop-\*$/m);
    expect(shown.err).toContain('No GitHub App is registered');
    expect((await run('github-app forbid octo/shop')).err).toContain('There is no rule');
    await ok('github-app forbid octo/shop-*');
    expect(await ok('github-app show')).not.toContain('octo');
  });

  it('holds a game day, and says what users would have seen', async () => {
    expect((await run('gameday --env dev')).err).toContain('--kill');
    const report = await ok('gameday --env dev --kill --for 10s');
    expect(report).toMatch(/^It took (?:9|1\d)\.\d s\.$/m);
    expect(report).toMatch(/^web: 1 replica was started since it began; all replicas are ready\.$/m);
  });

  it('relays what an agent says, line by line, and refuses in words of the protocol', async () => {
    ran.add('mcp');
    const client = new Client({ name: 'test', version: '1' });
    const transport = new StdioClientTransport(cli.started(['mcp']));
    await client.connect(transport);
    expect(client.getInstructions()).toContain('<data>');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('plan_change');
    const read = await client.callTool({ name: 'project_overview', arguments: { project: 'shop' } });
    expect(JSON.stringify(read.content)).toContain('dev');
    const unknown = await client.callTool({ name: 'project_overview', arguments: { project: 'none' } });
    expect(unknown.isError).toBe(true);
    await client.close();
    // Nobody is signed in there, and the last line is no message.
    const first = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const { out, exitCode } = await run(`mcp --server ${berth.url.replace('127.0.0.1', 'localhost')}`, {
      input: `${JSON.stringify(first)}\nhello\n`,
    });
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(exitCode).toBe(0);
    expect(lines).toContainEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32_000, message: expect.stringContaining('berth login') },
    });
    expect(lines).toContainEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32_700, message: 'The line is not JSON.' },
    });
  });

  it('goes back to another image than the one that serves, and says where it goes', async () => {
    const digest = async () => (await cli.json(['ps']))[0].current.digest;
    const first = await digest();
    // Without the steps of before.
    writeFileSync(join(cli.folder, 'score.yaml'), SCORE);
    writeFileSync(join(cli.folder, 'note.txt'), 'another image');
    await ok('up');
    await ok('restart');
    expect(await digest()).not.toBe(first);
    const back = await run('rollback');
    expect(back.err).toMatch(/Going back to deployment \d+: version \S+, of /);
    expect(await digest()).toBe(first);
  });

  it('shows how deliveries do, and where they fail', async () => {
    expect(await ok('figures --days 90')).toMatch(
      /^all +\d+\.\d\d a day \(n \d+\) .*\n[\s\S]*persistent environments[\s\S]*^deployment +\d+ created/m,
    );
    expect((await run('figures --days 31')).err).toContain('30 or 90');
  });

  it('takes evidence for an auditor, who checks it with a program of its own', async () => {
    const [file = ''] = (await ok('evidence --from 2020-01-01 --out proof')).trim().split('\n');
    expect(file).toMatch(/^shop-evidence-2020-01-01-/);
    expect((await run('evidence --from 2020-01-01 --out proof')).err).toContain('--force');
    expect(await ok('evidence --platform --from 2020-01-01 --out proof')).toMatch(/^platform-evidence-/);
    expect((await run('evidence')).err).toContain('--from');
    const key = join(cli.folder, 'berth-evidence.pem');
    writeFileSync(key, await ok('evidence --key'));
    const verifier = join(import.meta.dirname, '../../cli/verify-evidence.mjs');
    const check = (path: string) =>
      spawnSync(process.execPath, [verifier, '--key', key, path], { encoding: 'utf8' });
    const pack = join(cli.folder, 'proof', file);
    expect(check(pack)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Whole: \d+ events of shop/),
    });
    writeFileSync(pack, readFileSync(pack, 'utf8').replace('CC8.1', 'CC8.2'));
    expect(check(pack)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('its signature does not fit'),
    });
  });

  it('puts environments to sleep, wakes, keeps and destroys them', async () => {
    await ok('env sleep dev');
    await ok('env wake dev');
    expect(await ok('env hours dev --days mon-fri --from 08:00 --to 19:00 --zone Europe/Berlin')).toMatch(
      /dev is awake mon-fri 08:00 to 19:00, Europe\/Berlin[\s\S]*(awake|asleep)/,
    );
    expect(await ok('env hours dev --none')).toContain('no office hours');
    await ok('env create pr-1 --ephemeral --ttl 1h');
    expect(await ok('env extend pr-1 --by 2h')).toMatch(/in [23] h/);
    expect((await run('env extend dev --by 2h')).err).toMatch(/dev has no end[\s\S]*--ttl/);
    expect((await run('env destroy pr-1')).err).toContain('--yes');
    await ok('env destroy pr-1 --yes');
    await ok('env clone dev pr-2 --ephemeral --ttl 1h');
    expect(await ok('env list')).toMatch(/^pr-2 .*(ready|provisioning)/m);
    await ok('env destroy pr-2 --yes');
    expect(await ok('env list')).not.toMatch(/pr-[12]/);
  });

  it('completes words in every shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish'])
      expect(await ok(`completion ${shell}`)).toContain('__complete');
    expect((await cli.run(['__complete', 'env', 'sl'])).out).toBe('sleep\n');
    expect((await cli.run(['__complete', 'dep'])).out).toBe('deploy\n');
    expect((await cli.run(['completion', 'tcsh'])).exitCode).toBe(1);
  });

  it('signs out, and forgets the token', async () => {
    await ok('logout');
    expect(readFileSync(cli.settings, 'utf8')).not.toContain(berth.token);
    expect((await run('whoami')).exitCode).toBe(4);
  });

  it('has no command that this file does not run', () => {
    expect(all.filter((name) => !ran.has(name))).toEqual([]);
  });
});
