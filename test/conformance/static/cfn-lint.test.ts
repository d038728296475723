/** Templates against the schemas of CloudFormation's resources, by AWS's own linter. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Template } from '../../../stacks/synthesize.ts';
import { fetchLinter, lint, whyNoLinters } from '../support/linters.ts';
import { installations, type TemplateFiles, writeTemplates } from './templates.ts';

const reason = await whyNoLinters();
if (reason) console.log(`cfn-lint skipped: ${reason}`);

describe.skipIf(reason !== undefined)('cfn-lint', { timeout: 240_000 }, () => {
  let files: TemplateFiles | undefined;
  beforeAll(() => fetchLinter('cfn-lint'));
  afterEach(() => files?.remove());

  const findings = async ({ directory }: TemplateFiles): Promise<string[]> => {
    const paths = readdirSync(directory).map((name) => join(directory, name));
    const regions = ['us-east-1', 'eu-west-1'];
    const { stdout } = await lint('cfn-lint', ['--format', 'json', '--regions', ...regions, '--', ...paths]);
    const found = JSON.parse(stdout || '[]') as { Rule: { Id: string }; Message: string; Filename: string }[];
    return found.map(({ Rule, Message, Filename }) => `${Rule.Id} ${Filename.split('/').pop()}: ${Message}`);
  };

  it.each(Object.entries(installations))('finds nothing in an installation with %s', async (_, settings) => {
    files = writeTemplates(settings);
    expect(Object.keys(files.templates).length).toBeGreaterThan(10);
    expect(await findings(files)).toEqual([]);
  });

  it('finds a property that there is not, in any of the templates', async () => {
    const spoil = (template: Template): void => {
      template.Resources.Canary = { Type: 'AWS::SQS::Queue', Properties: { FifoQeue: true } };
    };
    files = writeTemplates({}, (templates) => Object.values(templates).forEach(spoil));
    const found = await findings(files);
    for (const name of Object.keys(files.templates))
      expect(found).toContainEqual(expect.stringMatching(`^E3002 ${name}\\b.*FifoQeue`));
  });
});
