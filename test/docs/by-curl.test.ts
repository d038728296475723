/** The commands of the page "The API by curl" are run as they are written, in their order. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBerth, type TestBerth } from '../support/berth.ts';
import { codeBlocks, readDoc } from './markdown.ts';
import { here, runBash } from './run.ts';

const missing = ['bash', 'curl', 'tar', 'node'].filter((name) => spawnSync(name, ['--version']).error);
const blocks = codeBlocks(readDoc('docs/how-to/the-api-by-curl.md')).filter(
  ({ language }) => language === 'bash',
);
const MARK = '@@ ';

/** What the commands below each heading print, by the heading. */
function outputs(stdout: string): Record<string, string> {
  const parts = stdout.split(new RegExp(`^${MARK}`, 'm')).slice(1);
  const found: Record<string, string> = {};
  for (const part of parts) {
    const end = part.indexOf('\n');
    const heading = part.slice(0, end);
    found[heading] = (found[heading] ?? '') + part.slice(end + 1);
  }
  return found;
}

describe.skipIf(missing.length > 0)(`The API by curl${missing.map((name) => `, needs ${name}`)}`, () => {
  let subject: TestBerth;
  let result: Awaited<ReturnType<typeof runBash>>;
  let printed: Record<string, string>;

  beforeAll(async () => {
    subject = await startBerth();
    const script = blocks.map((block) => `echo; echo '${MARK}${block.heading}'\n${block.text}`).join('\n');
    result = await runBash(here(script, subject));
    printed = outputs(result.stdout);
  }, 180_000);
  afterAll(() => subject?.close());

  it('every command succeeds', () => {
    expect(result, result.stderr).toMatchObject({ code: 0 });
    expect(result.stdout).not.toContain('/problems/');
    // What curl says when the live log is cut off, as announced.
    expect(result.stderr.replace(/^curl: \(28\) Operation timed out.*\n/m, '')).toBe('');
  });

  it('builds and deploys the guestbook, which answers', () => {
    expect(printed['A project, an environment, a service']).toContain('"status":"succeeded"');
    expect(printed['Build a version']).toMatch(/^data: .*is ready to deploy/m);
    expect(printed['Build a version']).toMatch(/^[0-9a-f]{12}$/m);
    expect(printed['Deploy it']).toMatch(/^http:\/\/guestbook\.dev\.harbour\.localhost:\d+$/m);
    expect(printed['Deploy it']).toContain('"items":[{"id":1,"author":"Ada","message":"Ahoy"');
  });

  it('shows the row in PostgreSQL, and the log as it comes', () => {
    expect(printed['See it in PostgreSQL']).toContain('"uid":"postgres.default#guestbook.db"');
    expect(printed['See it in PostgreSQL']).toMatch(/│ 'Ada' +│ 'Ahoy' +│/);
    expect(printed['Follow its log']).toMatch(/^data: .*"message":"GET \/entries 200 \d+ms"/m);
  });

  it('says why a broken version fails, and the one before goes on', () => {
    const broken = printed['Deploy something broken'];
    expect(broken).toMatch(/^succeeded$/m);
    expect(broken).toContain("code: 'workload_crashed'");
    expect(broken).toContain('the anchor is missing');
    expect(broken).toContain('"message":"Ahoy"');
    expect(printed['Roll back']).toContain('number: 3');
    expect(printed['Roll back']).toContain('Deployment 3 serves.');
  });

  it('hibernates, wakes by a request, destroys, and has it all on record', () => {
    const last = printed['Hibernate, wake, destroy']!;
    const words = last.match(/^(succeeded|hibernated|ready|\{"items":\[.*)$/gm);
    expect(words).toEqual([
      'succeeded',
      'hibernated',
      expect.stringContaining('"message":"Ahoy"'),
      'ready',
      'succeeded',
      '{"items":[]}',
    ]);
    const events = last.match(/^\S+Z \S+ \S+$/gm)!.map((line) => line.split(' ')[2]);
    expect(events[0]).toBe('environment.destroyed');
    expect(events.at(-1)).toBe('project.created');
    expect(events.filter((type) => type === 'deployment.succeeded')).toHaveLength(2);
    expect(events).toContain('deployment.failed');
  });
});
