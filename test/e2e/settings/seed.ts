/** What the settings of a project show: members, tokens, trusts, policies, webhooks and a deployment that waits. */
import type { Subject } from '../subject.ts';

/** @param at where events are sent, an origin that the subject trusts */
export async function seedSettings({ berth }: Subject, at?: string): Promise<void> {
  const path = '/v1/projects/demo';
  const put = async (method: string, below: string, body: unknown) => {
    const { status, body: answer } = await berth.api(method, `${path}${below}`, body);
    if (status >= 300)
      throw new Error(`${method} ${below} was answered with ${status}: ${JSON.stringify(answer)}`);
  };
  await put('PUT', '/members/user:ada', { role: 'administrator' });
  await put('PUT', '/members/group:demo-maintainers', { role: 'maintainer' });
  await put('PUT', '/members/group:demo-developers', {
    role: 'developer',
    environments: { production: 'viewer' },
  });
  await put('PUT', '/members/email:erin@example.com', { role: 'viewer' });
  await put('POST', '/tokens', { name: 'Release pipeline', role: 'developer', expiresIn: '90d' });
  await put('POST', '/tokens', { name: 'Dashboard', role: 'viewer', environments: ['dev'] });
  await put('POST', '/trusts', {
    issuer: 'https://token.actions.githubusercontent.com',
    audience: 'https://berth.example.com',
    subjects: ['repo:octo/guestbook:ref:refs/heads/main', 'repo:octo/guestbook:environment:production'],
    role: 'developer',
  });
  await put('PUT', '/policies/main-only', {
    description: 'What customers see comes from main.',
    environments: ['production'],
    rule: { kind: 'branches', branches: ['main', 'release/*'] },
  });
  await put('PUT', '/policies/weekend', {
    environments: ['production'],
    rule: {
      kind: 'freeze',
      windows: [
        {
          days: ['sat', 'sun'],
          start: '00:00',
          end: '24:00',
          timeZone: 'Europe/Berlin',
          reason: 'Nobody looks',
        },
      ],
    },
  });
  if (at !== undefined) {
    await put('POST', '/webhooks', { url: `${at}/berth`, types: ['deployment'], description: 'The chat' });
    await put('POST', '/webhooks', { url: `${at}/everything` });
    await put('POST', '/drains', {
      url: `${at}/lines`,
      format: 'otlp',
      filter: { environments: ['production'], search: '@level:>=warn' },
    });
  }
  await put('PUT', '/build-secrets/NPM_TOKEN', { value: 'npm_0123456789' });
  await put('PUT', '/masking', {
    rules: [
      {
        resource: 'postgres.default#guestbook.db',
        sql: "UPDATE guests SET name = 'guest ' || id;\nDELETE FROM sessions;",
      },
      { resource: 'postgres.default#guestbook.queue', sql: '' },
    ],
  });
  await put('PATCH', '', { displayName: 'Demo' });
}

const SETTINGS = '/projects/demo/settings';

/** The pages that show it. `open`: the button that is pressed before the page is looked at. */
export const settingsPages: readonly { name: string; path: string; ready: string; open?: string }[] = [
  { name: 'settings', path: SETTINGS, ready: 'Repositories and previews' },
  { name: 'members', path: `${SETTINGS}/members`, ready: 'demo-developers' },
  { name: 'members-add', path: `${SETTINGS}/members`, ready: 'demo-developers', open: 'Add a member' },
  {
    name: 'members-roles',
    path: `${SETTINGS}/members`,
    ready: 'demo-developers',
    open: 'What each role may do',
  },
  { name: 'tokens', path: `${SETTINGS}/tokens`, ready: 'Release pipeline' },
  { name: 'tokens-new', path: `${SETTINGS}/tokens`, ready: 'Release pipeline', open: 'New token' },
  { name: 'pipelines', path: `${SETTINGS}/pipelines`, ready: 'repo:octo' },
  { name: 'pipelines-trust', path: `${SETTINGS}/pipelines`, ready: 'repo:octo', open: 'Trust a pipeline' },
  { name: 'policies', path: `${SETTINGS}/policies`, ready: 'built from main' },
  { name: 'policies-add', path: `${SETTINGS}/policies`, ready: 'built from main', open: 'Add a policy' },
  { name: 'policies-change', path: `${SETTINGS}/policies`, ready: 'built from main', open: 'Change weekend' },
  { name: 'webhooks', path: `${SETTINGS}/webhooks`, ready: 'up to date' },
  { name: 'webhooks-add', path: `${SETTINGS}/webhooks`, ready: 'up to date', open: 'Add a webhook' },
  { name: 'drains', path: `${SETTINGS}/drains`, ready: 'sending' },
  { name: 'drains-add', path: `${SETTINGS}/drains`, ready: 'sending', open: 'Add a log drain' },
  { name: 'build-secrets', path: `${SETTINGS}/build-secrets`, ready: 'NPM_TOKEN' },
  { name: 'masking', path: `${SETTINGS}/masking`, ready: 'Nothing to mask' },
  { name: 'masking-rule', path: `${SETTINGS}/masking`, ready: 'Nothing to mask', open: 'Add a rule' },
  { name: 'audit', path: `${SETTINGS}/audit`, ready: 'Is the trail whole?' },
  { name: 'approvals', path: '/projects/demo/approvals', ready: 'It waits for approval' },
  { name: 'your-tokens', path: '/tokens', ready: 'Your tokens' },
  { name: 'new-project', path: '/new-project', ready: 'A project holds' },
];
