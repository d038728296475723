/** The commands of the how-to pages are run as they are written, after the helpers of the page about curl. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseScore } from '../../functions/core/score/file/parse.ts';
import { provisionOrder } from '../../functions/core/score/references.ts';
import { startBerth, type TestBerth } from '../support/berth.ts';
import { codeBlocks, readDoc, root } from './markdown.ts';
import { here, runBash } from './run.ts';

const missing = ['bash', 'curl', 'tar', 'node', 'git'].filter((name) => spawnSync(name, ['--version']).error);
const pages = readdirSync(join(root, 'docs/how-to'));
const textOf = (page: string, language: string): string[] =>
  codeBlocks(readDoc(`docs/how-to/${page}`))
    .filter((block) => block.language === language)
    .map(({ text }) => text);

// `api`, `json`, `field` and `finish`.
const helpers = codeBlocks(readDoc('docs/how-to/the-api-by-curl.md'))
  .slice(0, 2)
  .map(({ text }) => text);

describe.skipIf(missing.length > 0)(
  `How-to pages${missing.map((name) => `, needs ${name}`)}`,
  { timeout: 180_000 },
  () => {
    let subject: TestBerth;
    const run = (...scripts: string[]) =>
      runBash(here([...helpers, 'PROJECT=$BERTH/v1/projects/harbour', ...scripts].join('\n'), subject));
    const runPage = async (page: string): Promise<string> => {
      const result = await run(...textOf(page, 'bash'));
      expect(result, page).toMatchObject({ code: 0, stderr: '' });
      expect(result.stdout).not.toContain('/problems/');
      return result.stdout;
    };

    beforeAll(async () => {
      subject = await startBerth();
      await subject.api('POST', '/v1/projects', { name: 'harbour' });
      await subject.operation('POST', '/v1/projects/harbour/environments', { name: 'dev' });
    });
    afterAll(() => subject?.close());

    it('deploy from git, then roll back', async () => {
      const deployed = await runPage('deploy-from-git.md');
      expect(deployed).toContain("message: 'A site'");
      expect(deployed).toContain('http://site.dev.harbour.localhost:');
      expect(await runPage('roll-back.md')).toMatch(/^1 deploy [0-9a-f]{12} succeeded\n\{\n? +number: 2/m);
    });

    it('a canary that goes bad comes back, and going back is a switch', async () => {
      const printed = (await runPage('canary.md')).split('\n');
      expect(printed.slice(0, 4)).toEqual(['shop', 'succeeded', 'succeeded', 'succeeded']);
      expect(printed[4]).toMatch(
        /^It was taken back at (20|50) % of the requests: 5xx \d+ % against 0 %, n = \d+, at most 2 %\.$/,
      );
      expect(printed.slice(5)).toEqual([
        'failing',
        'version good',
        'failed',
        'succeeded',
        'succeeded',
        'warm',
        'succeeded',
        'version good',
        '',
      ]);
    });

    it('run commands and jobs', async () => {
      expect((await runPage('jobs.md')).split('\n')).toEqual(['0', '42', 'forbid', 'succeeded', '0', '']);
    });

    it('alerts', async () => {
      // The canary that went bad may have had enough requests for an alert.
      const firing = expect.stringMatching(/^[01]$/);
      expect((await runPage('alerts.md')).split('\n')).toEqual([firing, 'true', 'errors', 'true', '']);
    });

    it('build a folder of a monorepo', async () => {
      expect(await runPage('build-a-folder.md')).toMatch(/^examples\/static-site$/m);
    });

    it('offer resource types', async () => {
      const recipes = textOf('offer-resource-types.md', 'yaml').filter((text) => !isScore(text));
      for (const recipe of recipes) {
        const { body } = await subject.api('POST', '/v1/recipe-checks', { recipe });
        expect(body.faults).toEqual([]);
      }
      expect((await runPage('offer-resource-types.md')).split('\n')).toEqual(['1', '2', 'harbour-disk', '']);
    });

    it('use private registries', async () => {
      expect(await runPage('use-private-registries.md')).toMatch(/^NPM_TOKEN$/m);
    });

    it('use secrets', async () => {
      const printed = await runPage('use-secrets.md');
      expect(printed).toMatch(/^13 characters$/m);
      expect(printed).toMatch(/^14 characters$/m);
      expect(printed).toMatch(/^The key is •+$/m);
      expect(printed).not.toMatch(/correct horse|battery staple/);
    });

    it('ephemeral environments', async () => {
      const [created, first, second, none, zone, turns, hours, destroyed] = (
        await runPage('ephemeral-environments.md')
      ).split('\n');
      expect([created, none, destroyed]).toEqual(['succeeded', 'undefined', 'succeeded']);
      expect([zone, turns, hours]).toEqual(['Europe/Berlin', '7', 'pr-123']);
      // The command adds to the time that is left, which has become a little less meanwhile.
      expect(Math.abs(Date.parse(second!) - Date.parse(first!) - 86_400_000)).toBeLessThan(10_000);
    });

    it('move from Heroku', async () => {
      expect((await runPage('move-from-heroku.md')).match(/"name":"(API_KEY|LOG_LEVEL)"/g)).toHaveLength(2);
    });
  },
);

/** Pages also have parts of Score files, and files of pipelines. */
const isScore = (text: string): boolean => text.startsWith('apiVersion: score.dev');

describe('Score files on how-to pages', () => {
  const files = pages.flatMap((page) =>
    textOf(page, 'yaml')
      .filter(isScore)
      .map((text) => [page, text]),
  );
  it.each(files)('%s', (_page, text) => {
    expect(() => provisionOrder(parseScore(text!))).not.toThrow();
  });
});
