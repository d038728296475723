/**
 * Pull requests of a real repository, each with a preview whose database is a masked copy of that of its base. Each is opened, looked
 * at and closed, and in the end nothing of them may be left.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GitHost, openGitHost, TOKEN } from '../api/connections/git-host.ts';
import type { Json } from '../support/client.ts';
import { askWorkload } from '../support/workload.ts';
import { query } from '../system/data/database-program.ts';
import { createRepository, type Repository } from './repository.ts';
import { createTrialSubject, type TrialSubject } from './subject.ts';

export interface PreviewsOptions {
  previews: number;
  /** How many are open at once. */
  atOnce: number;
  /** The size of the base's database, MB. */
  databaseMb: number;
}

export interface PreviewsSeen {
  violations: string[];
  /** Milliseconds from the end of the build until the preview was ready, one a preview. */
  openings: number[];
  /** Milliseconds from the close until the environment was gone. */
  closings: number[];
  /** What was there beside what the base has, in the end. */
  leftovers: string[];
  databaseMb: number;
}

const SERVICE = '/v1/projects/shop/services/web';
const RESOURCE = 'postgres.default#web.db';
/** Rows that take a megabyte with their index. */
const ROWS_A_MB = 3_300;
const OPEN_MS = 240_000;
const CLOSE_MS = 60_000;

const files = (change: number): Record<string, string> => ({
  'change.txt': String(change),
  'package.json': JSON.stringify({ name: 'web', type: 'module', scripts: { start: 'node server.js' } }),
  'server.js': `import { createServer } from 'node:http';
createServer((request, response) => response.end(process.env.DATABASE_URL)).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));
`,
  'score.yaml': `apiVersion: score.dev/v1b1
metadata:
  name: web
service:
  ports:
    www:
      port: 80
      targetPort: 8080
containers:
  main:
    image: .
    variables:
      DATABASE_URL: \${resources.db.url}
resources:
  db:
    type: postgres
`,
});

const urlOf = async (subject: TrialSubject, environment: string): Promise<string> =>
  (await askWorkload(subject.port, `web.${environment}.shop.localhost`)).text;

export async function previews(options: PreviewsOptions): Promise<PreviewsSeen> {
  const { previews: count, atOnce } = options;
  const subject = await createTrialSubject();
  const host = await openGitHost('github', join(subject.directory, 'web').slice(1));
  const seen: PreviewsSeen = { violations: [], openings: [], closings: [], leftovers: [], databaseMb: 0 };
  try {
    await subject.start([host.origin]);
    const refs = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`refs/pull/${index + 1}/head`, index + 1]),
    );
    const contents = Array.from({ length: count + 1 }, (_, change) => files(change));
    const repository = createRepository(subject.directory, 'web', contents, refs);
    const hook = await setUp(subject, host, repository);
    const rows = await fill(await urlOf(subject, 'dev'), options, seen);
    // Without the base, which goes as well in the end.
    const before = (await holdings(subject)).filter((one) => /^(?:database|role) (?!berth_)/.test(one));
    const waiting = Array.from({ length: count }, (_, index) => index + 1);
    const work = async (): Promise<void> => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift())
        await openAndClose(subject, { host, repository, rows, number, ...hook }, seen);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    await subject.must('DELETE', '/v1/projects/shop/environments/dev');
    const kept = new Set(before);
    seen.leftovers = (await holdings(subject)).filter((one) => !kept.has(one));
    if (host.refused.length > 0) seen.violations.push(`The provider refused ${host.refused[0]}`);
    return seen;
  } catch (error) {
    console.error(subject.output().slice(-3_000));
    throw error;
  } finally {
    host.close();
    await subject.dispose();
  }
}

interface Hook {
  hook: string;
  secret: string;
}

async function setUp(subject: TrialSubject, host: GitHost, repository: Repository): Promise<Hook> {
  await subject.must('POST', '/v1/projects', { name: 'shop' });
  await subject.must('POST', '/v1/projects/shop/environments', { name: 'dev' });
  await subject.must('POST', '/v1/projects/shop/services', { name: 'web' });
  const source = { git: { url: repository.path, ref: 'main' } };
  const { result } = await subject.must('POST', `${SERVICE}/builds`, source);
  await subject.must('POST', '/v1/projects/shop/environments/dev/services/web/deployments', {
    version: result.version,
  });
  const sql = "UPDATE people SET email = 'person-' || id || '@example.com';";
  await subject.must('PUT', '/v1/projects/shop/masking', { rules: [{ resource: RESOURCE, sql }] });
  const { hook, secret } = await subject.must('PUT', `${SERVICE}/connection`, {
    provider: 'github',
    repository: repository.path,
    api: host.origin,
    rules: [],
    previews: { base: 'dev', withData: true },
    token: TOKEN,
  });
  return { hook, secret };
}

/** @returns how many rows the base has */
async function fill(url: string, { databaseMb }: PreviewsOptions, seen: PreviewsSeen): Promise<number> {
  const rows = databaseMb * ROWS_A_MB;
  await query(
    url,
    `CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL, joined timestamptz NOT NULL, note text NOT NULL);
     INSERT INTO people SELECT n, md5(n::text) || '@real.example', now() - n * interval '1 minute', repeat(md5(n::text), 5)
       FROM generate_series(1, ${rows}) AS n;
     ANALYZE people`,
  );
  const [size] = await query(url, 'SELECT pg_database_size(current_database())::text AS bytes');
  seen.databaseMb = Number(size.bytes) / 1e6;
  return rows;
}

type Opened = Hook & { host: GitHost; repository: Repository; rows: number; number: number };

async function openAndClose(subject: TrialSubject, opened: Opened, seen: PreviewsSeen): Promise<void> {
  const { host, repository, rows, number, hook, secret } = opened;
  const commit = repository.commits[number]!;
  const say = (what: string): void => void seen.violations.push(`Preview ${number}: ${what}`);
  const deliver = async (action: 'opened' | 'closed', at: number): Promise<Json> => {
    const message = host.pull({ action, number, commit, at, repository: repository.name }, secret);
    const status = await subject.deliver(hook, message);
    if (status !== 201) throw new Error(`The message of pull request ${number} was answered ${status}`);
    return {};
  };
  const preview = () => subject.must('GET', `${SERVICE}/previews/${number}`);
  await deliver('opened', 1_700_000_000);
  const open = await until(preview, ({ state }) => state === 'ready' || state === 'failed', OPEN_MS);
  if (open.state !== 'ready') say(`is ${open.state}: ${open.error?.cause}`);
  else {
    const { items } = await subject.must('GET', `${SERVICE}/deliveries?limit=50`);
    const delivery = items.find((one: Json) => one.pullRequest === number && one.build !== undefined);
    const build = await subject.must('GET', `/v1/operations/${delivery.build}`);
    seen.openings.push(Date.parse(delivery.endedAt) - Date.parse(build.endedAt));
    const url = await urlOf(subject, open.environment);
    const [found] = await query(
      url,
      "SELECT count(*)::int AS rows, count(*) FILTER (WHERE email NOT LIKE 'person-%')::int AS open FROM people",
    );
    if (found.rows !== rows) say(`has ${found.rows} rows of ${rows}`);
    if (found.open !== 0) say(`has ${found.open} rows that are not masked`);
  }
  const closedAt = Date.now();
  await deliver('closed', 1_700_000_100);
  const closed = await until(preview, ({ state }) => state === 'closed' || state === 'failed', CLOSE_MS);
  seen.closings.push(Date.now() - closedAt);
  if (closed.state !== 'closed') say(`is ${closed.state} after its end: ${closed.error?.cause}`);
}

async function until(read: () => Promise<Json>, isSo: (told: Json) => boolean, ms: number): Promise<Json> {
  for (const end = Date.now() + ms; ; await sleep(100)) {
    const told = await read();
    if (isSo(told) || Date.now() > end) return told;
  }
}

/** All that an environment makes on this machine: records, databases and roles, programs, and what the router leads to. */
async function holdings(subject: TrialSubject): Promise<string[]> {
  const { items } = await subject.must('GET', '/v1/projects/shop/environments?limit=200');
  const postgres = join(subject.directory, 'data', 'postgres');
  const read = (name: string): string => readFileSync(join(postgres, name), 'utf8').trim();
  const url = `postgresql://postgres:${encodeURIComponent(read('password'))}@127.0.0.1:${read('port')}/postgres`;
  const found = await query(
    url,
    "SELECT 'database ' || datname AS name FROM pg_database UNION ALL SELECT 'role ' || rolname FROM pg_roles",
  );
  return [
    ...items.map(({ name }: Json) => `environment ${name}`),
    ...found.map(({ name }) => String(name)),
    ...subject.workloads().map((pid) => `process ${pid}`),
  ];
}
