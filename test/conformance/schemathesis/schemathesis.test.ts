/**
 * Schemathesis makes requests from the API's own description and follows what is answered: no answer may be a failure
 * of Berth, have a status that is not described, or a form that is not.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../../functions/hosts/machine/terminal-log.ts';
import { startBerth, type TestBerth } from '../../support/berth.ts';
import { createBrowser } from '../../support/browser.ts';
import { signInAs } from '../../support/demo-sign-in.ts';
import { openReceiver, type Receiver } from '../../support/receiver.ts';
import { pythonWith, whyNoPython } from '../support/python.ts';
import { configOf } from './config.ts';
import { type Known, seed } from './seed.ts';

/** `npm run test:api-fuzz` sets a longer time, and takes another way each time. */
const SECONDS = Number(process.env.BERTH_FUZZ_SECONDS ?? 120);
const SEED = process.env.BERTH_FUZZ_SEED ?? (process.env.BERTH_FUZZ_SECONDS ? String(Date.now() % 1e9) : '1');
/** The way in which one seed always gives the same requests. */
const PACKAGES = ['schemathesis==4.32.5', 'hypothesis==6.170.17'];
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

const why = await whyNoPython();
if (why) console.log(`Skipped: requests made from the API's description, since ${why}.`);

describe.skipIf(why)('requests made from the description of the API', () => {
  let berth: TestBerth;
  let directory: string;
  let receiver: Receiver;
  let python: string;
  let known: Known;
  let person: string;
  const errors: string[] = [];

  beforeAll(async () => {
    python = await pythonWith(PACKAGES);
    directory = await mkdtemp(join(tmpdir(), 'berth-schemathesis-'));
    const error = (what: string, cause: unknown) => void errors.push(`${what}: ${String(cause)}`);
    receiver = await openReceiver();
    const trustedReceivers = [receiver.origin];
    berth = await startBerth({ log: { ...silentLog, error }, trustedReceivers });
    known = await seed(berth, receiver.origin);
    // The provider starts at the first sign-in, and is not there for a moment.
    person = await personalToken(berth);
  });
  afterAll(async () => {
    await berth?.close();
    await receiver?.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** @param description where that of the API is: its address, or a file */
  async function run(token: string, description: string, ...more: string[]): Promise<Ended> {
    const config = join(directory, 'schemathesis.toml');
    await writeFile(config, configOf(known, token));
    const args = ['-m', 'schemathesis.cli', '--config-file', config, 'run', description];
    const options = ['--url', berth.url, '--seed', SEED, '--checks', CHECKS.join(), '--no-color'];
    return end(python, [...args, ...options, ...more], directory);
  }

  it.each([
    ['the administrator of the installation', 0.6, 'examples,coverage,fuzzing', async () => berth.token],
    ['a person, in chains by what was answered', 0.4, 'stateful', async () => person],
  ])(
    'of %s are answered as described, and never by a failure of Berth',
    async (_who, share, phases, credentials) => {
      const options = ['--max-time', String(Math.ceil(SECONDS * share)), '--phases', phases];
      const { code, output } = await run(await credentials(), `${berth.url}/v1/openapi.json`, ...options);
      expect(code, output).toBe(0);
      // A run that found nothing because it asked nothing would not pass.
      expect(Number(output.match(/(\d+) generated/)?.[1]), output).toBeGreaterThan(100);
      expect(errors).toEqual([]);
      expect((await berth.api('GET', '/healthz')).status).toBe(200);
    },
    (SECONDS + 120) * 1000,
  );

  it('are not answered with a status that the description leaves out', { timeout: 120_000 }, async () => {
    const { body } = await berth.api('GET', '/v1/openapi.json');
    const path = '/v1/projects/{project}';
    delete body.paths[path].get.responses[404];
    const spoilt = join(directory, 'spoilt.json');
    await writeFile(spoilt, JSON.stringify(body));
    const one = ['--include-name', `GET ${path}`, '--phases', 'fuzzing', '--max-time', '10'];
    const { code, output } = await run(berth.token, spoilt, ...one);
    expect(output).toContain('Undocumented status code');
    expect(code).toBe(1);
  });
});

/** A token of Ada, who is an administrator, as she makes it when she has signed in. */
async function personalToken({ url }: TestBerth): Promise<string> {
  const browser = createBrowser();
  await signInAs(browser, url, 'ada');
  const made = await browser.ask(`${url}/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ name: 'requests', role: 'administrator' }),
  });
  return ((await made.json()) as { token: string }).token;
}

interface Ended {
  code: unknown;
  /** Without the ends of lines that are as long as the requests in them. */
  output: string;
}

const end = (command: string, args: readonly string[], cwd: string) =>
  new Promise<Ended>((resolve) => {
    const options = { cwd, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      process.off('exit', kill);
      const output = `${stdout}\n${stderr}`.replaceAll(/^(.{1000}).+$/gm, '$1 ...');
      resolve({ code: error ? error.code : 0, output });
    });
    // Also when the tests end early, nothing stays behind.
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
  });
