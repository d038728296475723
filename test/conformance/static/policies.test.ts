/**
 * Every policy of a role, the boundaries, and the policy of the user of a key, which Berth makes at run time, against the
 * actions, resources and conditions that AWS has.
 */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keyPolicy } from '../../../functions/adapters/aws/keyed/key-rules.ts';
import { resolver } from '../../../stacks/support/resolve.ts';
import { synthesize } from '../../../stacks/synthesize.ts';
import { resourcesOf } from '../../stacks/support.ts';
import { fetchLinter, lint, whyNoLinters } from '../support/linters.ts';
import { installations, writeFiles } from './templates.ts';

const reason = await whyNoLinters();
if (reason) console.log(`parliament skipped: ${reason}`);

interface Finding {
  issue: string;
  detail: unknown;
  location: { filepath: string };
}

/** Those of the users of a bucket and of a queue. */
const ofKeys = {
  'key-bucket': JSON.parse(keyPolicy('bucket', 'arn:aws:s3:::berth-bucket--a')),
  'key-queue': JSON.parse(keyPolicy('queue', 'arn:aws:sqs:eu-west-1:111122223333:berth-queue--a')),
};

/** Findings that stay. */
const accepted: { policy: RegExp; issue: string; detail: RegExp; reason: string }[] = [
  {
    policy: /^Berth-Boundary-Boundary/,
    issue: 'RESOURCE_STAR',
    detail: /./,
    reason: 'A boundary gives nothing: the policy of each role names its resources.',
  },
  {
    policy: /^(Berth|acme)-\w+-\w+FunctionPolicy/,
    issue: 'RESOURCE_STAR',
    detail: /^\["ec2:[^:]*NetworkInterface"|^\["ec2:AssignPrivateIpAddresses"/,
    reason:
      'Lambda checks for all network interfaces, not for its own; the function’s code may not use them.',
  },
  {
    policy: /^(Berth|acme)-Workflows-ResourcesFunctionPolicy/,
    issue: 'RESOURCE_POLICY_PRIVILEGE_ESCALATION',
    detail: /-bucket--\* due to s3:(Get|Put)Object not being allowed, but does allow s3:PutBucketPolicy/,
    reason: 'A bucket of a program gets a policy once, which refuses requests without TLS.',
  },
  {
    policy: /^(Berth|acme)-Sweep-SweepFunctionPolicy/,
    issue: 'RESOURCE_MISMATCH',
    detail:
      /^\[\{"action":"states:DescribeExecution","required_format":"arn:\*:states:\*:\*:express:\*:\*:\*"\}\]$/,
    reason: 'All state machines are Standard ones; executions of Express ones have other names.',
  },
  {
    policy: /^(Berth|acme)-Edge-CustomCDKBucketDeployment/,
    issue: 'RESOURCE_MISMATCH',
    detail: /s3:GetObject/,
    reason:
      'The CDK’s own policy for its copy of files names actions by their beginning, on a bucket and its objects.',
  },
];

describe.skipIf(reason !== undefined)('parliament', { timeout: 240_000 }, () => {
  let remove: (() => void) | undefined;
  beforeAll(() => fetchLinter('parliament'));
  afterEach(() => remove?.());

  const findings = async (policies: Record<string, unknown>): Promise<Finding[]> => {
    const files = writeFiles(policies, '.json');
    remove = files.remove;
    const args = ['--directory', files.directory, '--json', '--minimum_severity', 'INFO'];
    const { stdout } = await lint('parliament', args);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Finding);
  };
  const inWords = ({ issue, detail, location }: Finding): string =>
    `${issue} ${location.filepath.split('/').pop()}: ${JSON.stringify(detail)}`;
  const accepts = (rule: (typeof accepted)[number], finding: Finding): boolean =>
    rule.issue === finding.issue &&
    rule.policy.test(finding.location.filepath.split('/').pop() ?? '') &&
    rule.detail.test(JSON.stringify(finding.detail));

  const policiesOf = (settings: Record<string, string>): Record<string, unknown> => {
    const { templates } = synthesize(settings);
    const resolve = resolver(templates);
    return Object.fromEntries(
      resourcesOf(templates, 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy', 'AWS::IAM::Role').flatMap(
        ({ where, properties }) => {
          const [stack = '', id = ''] = where.split('/');
          const inline = (properties.Policies ?? []).map((one: any) => one.PolicyDocument);
          const documents = [properties.PolicyDocument, ...inline].filter((one) => one !== undefined);
          return documents.map((one, at) => [`${stack}-${id}-${at}`, resolve(stack, one)]);
        },
      ),
    );
  };

  it.each(Object.entries(installations))('finds nothing in an installation with %s', async (_, settings) => {
    const policies = { ...policiesOf(settings), ...ofKeys };
    expect(Object.keys(policies).length).toBeGreaterThan(15);
    const found = await findings(policies);
    const open = found.filter((finding) => !accepted.some((rule) => accepts(rule, finding)));
    expect(open.map(inWords)).toEqual([]);
    // Where all is new there is all that is accepted.
    if (settings['berth:cluster'] !== undefined || settings['berth:vpc'] !== undefined) return;
    const unused = accepted.filter((rule) => !found.some((finding) => accepts(rule, finding)));
    expect(unused.map(({ reason: why }) => why)).toEqual([]);
  });

  it('finds an action that there is not, and one on resources that it does not have', async () => {
    const statement = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource });
    const Statement = [
      statement('dynamodb:GetItems', 'arn:aws:dynamodb:eu-west-1:111122223333:table/t'),
      statement('dynamodb:GetItem', 'arn:aws:sqs:eu-west-1:111122223333:queue'),
    ];
    const found = await findings({ ...policiesOf({}), canary: { Version: '2012-10-17', Statement } });
    const issues = found.filter(({ location }) => location.filepath.endsWith('/canary.json'));
    expect(issues.map(({ issue }) => issue).sort()).toEqual(['RESOURCE_MISMATCH', 'UNKNOWN_ACTION']);
  });
});
