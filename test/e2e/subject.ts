/** A Berth in a process of its own, with services like those of the demo. */
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../support/berth.ts';
import { type BerthChild, freePort, startChild } from '../support/process.ts';
import { crashing, program } from '../support/programs.ts';

export interface Subject {
  /** The address that a browser uses. */
  url: string;
  token: string;
  berth: BerthChild;
  /** Starts again on the same port and directory, after a kill. */
  again(): Promise<void>;
  close(): Promise<void>;
}

/** @param settings variables of its environment */
export async function openSubject(settings: Record<string, string> = {}): Promise<Subject> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-e2e-'));
  const port = await freePort();
  const subject: Subject = {
    url: `http://localhost:${port}/`,
    berth: await startChild(directory, port, settings),
    token: (await readFile(join(directory, 'admin-token'), 'utf8')).trim(),
    async again() {
      subject.berth = await startChild(directory, port, settings);
    },
    async close() {
      await subject.berth.kill('SIGTERM');
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  return subject;
}

/** Text that does something where it is not shown as text. */
export const HOSTILE = '<img src=x onerror="alert(1)"><b>bold</b>';

export const service = '/v1/projects/demo/environments/dev/services/guestbook';

/** Prints what it is asked for, decoded: a request can make it print anything. */
const PRINTING = `
import { createServer } from 'node:http';
createServer((request, response) => {
  const text = decodeURIComponent(request.url.slice(1));
  console.log('asked for ' + text);
  if (text === 'error') console.error('this went wrong');
  response.end('guestbook 1');
}).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`;

const sources = {
  '1.0.0': () => program('guestbook 1', { server: PRINTING }),
  '2.0.0': () => program('guestbook 2', { server: PRINTING.replace('guestbook 1', 'guestbook 2') }),
  '3.0.0': () => crashing(`can not start: ${HOSTILE}`),
};

export async function build({ berth }: Subject, tag: keyof typeof sources): Promise<Json> {
  const path = `/v1/projects/demo/services/guestbook/builds?tag=${tag}`;
  return berth.operation('POST', path, await sources[tag]());
}

export const deploy = ({ berth }: Subject, version: string): Promise<Json> =>
  berth.operation('POST', `${service}/deployments`, { version });

/** Project demo with environment dev and service guestbook, at its second deployment. */
export async function seed(subject: Subject): Promise<void> {
  const { berth } = subject;
  await berth.api('POST', '/v1/projects', { name: 'demo', displayName: `Demo ${HOSTILE}` });
  await berth.api('POST', '/v1/projects/demo/services', { name: 'guestbook' });
  const made = berth.operation('POST', '/v1/projects/demo/environments', { name: 'dev', idleAfter: '8h' });
  await Promise.all([made, build(subject, '1.0.0')]);
  await deploy(subject, '1.0.0');
  await build(subject, '2.0.0');
  await deploy(subject, '2.0.0');
}

/** The longest names there can be. */
export const long = {
  project: `long-project-${'p'.repeat(27)}`,
  environment: `environment-${'e'.repeat(28)}`,
  service: `service-${'s'.repeat(32)}`,
};

/** A project whose names are as long as can be, with a service that runs. */
export async function seedLong({ berth }: Subject): Promise<void> {
  const { project, environment, service } = long;
  await berth.api('POST', '/v1/projects', { name: project });
  await berth.api('POST', `/v1/projects/${project}/services`, { name: service });
  const place = { name: environment, kind: 'ephemeral', ttl: '2d' };
  const made = berth.operation('POST', `/v1/projects/${project}/environments`, place);
  const built = berth.operation(
    'POST',
    `/v1/projects/${project}/services/${service}/builds`,
    await program('x'.repeat(200)),
  );
  const [, { result }] = await Promise.all([made, built]);
  const path = `/v1/projects/${project}/environments/${environment}/services/${service}/deployments`;
  await berth.operation('POST', path, { version: result.version });
}

/** Connects the guestbook to a repository, where somebody has opened a pull request from a fork. */
export async function connect({ berth, url }: Subject): Promise<void> {
  const repository = '/no/such/octo/guestbook';
  const path = '/v1/projects/demo/services/guestbook/connection';
  const { body: connection } = await berth.api('PUT', path, {
    provider: 'github',
    repository,
    api: 'https://git.example.com/api',
    rules: [{ branch: 'main', environment: 'dev' }],
    previews: { base: 'dev' },
  });
  const body = JSON.stringify({
    action: 'opened',
    number: 7,
    repository: { full_name: repository.slice(1) },
    pull_request: {
      title: `A change ${HOSTILE}`,
      head: { sha: 'c'.repeat(40), ref: 'change', repo: null },
      base: { sha: 'b'.repeat(40), ref: 'main' },
    },
  });
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'pull_request',
    'x-github-delivery': '1',
    'x-hub-signature-256': `sha256=${createHmac('sha256', connection.secret).update(body).digest('hex')}`,
  };
  const { status } = await fetch(new URL(connection.hook, url), { method: 'POST', headers, body });
  if (status !== 201) throw new Error(`The delivery was answered with ${status}`);
}
