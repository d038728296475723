/** Templates against checkov's rules of security. What stays has its reason in the template: stacks/support/accept.ts. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fetchLinter, lint, whyNoLinters } from '../support/linters.ts';
import { installations, type TemplateFiles, writeTemplates } from './templates.ts';

const reason = await whyNoLinters();
if (reason) console.log(`checkov skipped: ${reason}`);

interface Check {
  check_id: string;
  file_path: string;
  resource: string;
  check_result: { suppress_comment?: string };
}

interface Report {
  results: {
    passed_checks: Check[];
    failed_checks: Check[];
    skipped_checks: Check[];
    parsing_errors: string[];
  };
}

describe.skipIf(reason !== undefined)('checkov', { timeout: 240_000 }, () => {
  let files: TemplateFiles | undefined;
  beforeAll(() => fetchLinter('checkov'));
  afterEach(() => files?.remove());

  const check = async ({ directory }: TemplateFiles): Promise<Report['results']> => {
    const args = [
      '--directory',
      directory,
      '--framework',
      'cloudformation',
      '--skip-download',
      '--output',
      'json',
    ];
    const { stdout } = await lint('checkov', args);
    return (JSON.parse(stdout) as Report).results;
  };
  const names = (checks: Check[]) => checks.map((one) => `${one.check_id} ${one.file_path} ${one.resource}`);

  it.each(Object.entries(installations))('finds nothing in an installation with %s', async (_, settings) => {
    files = writeTemplates(settings);
    const results = await check(files);
    expect(results.parsing_errors).toEqual([]);
    expect(names(results.failed_checks)).toEqual([]);
    expect(results.passed_checks.length).toBeGreaterThan(100);
    for (const skipped of results.skipped_checks)
      expect(skipped.check_result.suppress_comment, names([skipped])[0]).toMatch(/\w{3,}.* .*\./);
  });

  it('finds what is open to the world, in any of the templates', async () => {
    files = writeTemplates({}, (templates) => {
      for (const { Resources } of Object.values(templates)) Resources.Canary = { Type: 'AWS::S3::Bucket' };
    });
    const failed = names((await check(files)).failed_checks);
    for (const name of Object.keys(files.templates))
      expect(failed).toContain(`CKV_AWS_53 /${name}.template.json AWS::S3::Bucket.Canary`);
  });
});
