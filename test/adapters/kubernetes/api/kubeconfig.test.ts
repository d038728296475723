import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadKubeconfig, parseKubeconfig } from '../../../../functions/adapters/kubernetes/api/kubeconfig.ts';

const kubeconfig = (user: string, cluster = 'server: https://10.0.0.1:6443', more = ''): string => `
apiVersion: v1
kind: Config
current-context: main
contexts: [{name: main, context: {cluster: c, user: u, namespace: ignored}}]
clusters:
- name: c
  cluster:
    ${cluster}
users:
- name: u
  user:
    ${user}
${more}`;

const refusal = (text: string): Promise<string> =>
  parseKubeconfig(text, '/').then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );

describe('kubeconfig', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'berth-kubeconfig-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('a token and an authority', async () => {
    const ca = Buffer.from('PEM').toString('base64');
    const text = kubeconfig('token: t0ken', `{server: "https://x:1/", certificate-authority-data: ${ca}}`);
    const connection = await parseKubeconfig(text, '/');
    expect(connection).toMatchObject({ server: 'https://x:1', ca: 'PEM' });
    expect(await connection.token?.()).toBe('t0ken');
  });

  it('files are relative to it, and a token file is read anew each time', async () => {
    const path = join(directory, 'config');
    await writeFile(path, kubeconfig('tokenFile: token'));
    await writeFile(join(directory, 'token'), 'one\n');
    const { token } = await loadKubeconfig(path);
    expect(await token?.()).toBe('one');
    await writeFile(join(directory, 'token'), 'two\n');
    expect(await token?.()).toBe('two');
  });

  it('a client certificate needs its key', async () => {
    const pem = Buffer.from('PEM').toString('base64');
    const whole = `{client-certificate-data: ${pem}, client-key-data: ${pem}}`;
    expect(await parseKubeconfig(kubeconfig(whole), '/')).toMatchObject({ cert: 'PEM', key: 'PEM' });
    expect(await refusal(kubeconfig(`client-certificate-data: ${pem}`))).toContain('needs its key');
  });

  it('another context by its name', async () => {
    const more = '';
    const text = kubeconfig('token: t', undefined, more).replace('current-context: main\n', '');
    expect(await refusal(text)).toContain('no current-context');
    expect((await parseKubeconfig(text, '/', 'main')).server).toBe('https://10.0.0.1:6443');
    expect(await parseKubeconfig(text, '/', 'other').catch((error: Error) => error.message)).toContain(
      'no context "other"',
    );
  });

  describe('ABUSE 8: what runs a command is refused', () => {
    it.each([
      ['exec', 'exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: [/tmp/x]}'],
      ['exec beside a token', '{token: t, exec: {command: sh}}'],
      ['exec that is empty', '{token: t, exec: null}'],
      ['exec by another spelling of the key', '{token: t, "\\x65xec": {command: sh}}'],
      ['auth-provider', 'auth-provider: {name: gcp, config: {cmd-path: /bin/sh}}'],
      ['auth-provider beside a token', '{token: t, auth-provider: {name: oidc}}'],
      ['a stand-in', '{token: t, as: "system:admin"}'],
      ['groups of a stand-in', '{token: t, as-groups: ["system:masters"]}'],
      ['a password', '{username: a, password: b}'],
    ])('%s', async (_, user) => {
      expect(await refusal(kubeconfig(user))).toMatch(/^The kubeconfig can not be used: the user "u" /);
    });

    it('by a merge key or an alias', async () => {
      const merged = '<<: {exec: {command: sh}}';
      expect(await parseKubeconfig(kubeconfig(merged), '/')).not.toHaveProperty('token');
      const alias = kubeconfig('*other').replace('kind: Config', 'x: &other {exec: {command: sh}}');
      expect(await refusal(alias)).toContain('aliases');
    });

    it('of a user whom the context does not name it is never looked at', async () => {
      const more = '- name: other\n  user: {exec: {command: sh}}\n';
      expect(await (await parseKubeconfig(kubeconfig('token: t', undefined, more), '/')).token?.()).toBe('t');
    });

    it('two users of one name are not told apart by luck', async () => {
      const more = '- name: u\n  user: {exec: {command: sh}}\n';
      expect(await refusal(kubeconfig('token: t', undefined, more))).toContain('more than one user "u"');
    });
  });

  it.each([
    ['plain http', 'server: http://10.0.0.1:8080', 'https'],
    ['another scheme', 'server: file:///etc/passwd', 'https'],
    ['no URL', 'server: nowhere', 'not a URL'],
    ['credentials in the URL', 'server: https://a:b@x', 'more than an address'],
    ['an unverified server', '{server: https://x, insecure-skip-tls-verify: true}', 'does not verify'],
    ['an unverified server in words', '{server: https://x, insecure-skip-tls-verify: "true"}', 'not verify'],
    ['a proxy', '{server: https://x, proxy-url: http://evil}', 'proxy'],
    ['a file that is not there', '{server: https://x, certificate-authority: /no/such}', 'can not be read'],
  ])('%s is refused', async (_, cluster, why) => {
    expect(await refusal(kubeconfig('token: t', cluster))).toContain(why);
  });

  it.each([
    ['no YAML', '{'],
    ['nothing', ''],
    ['a key twice', 'clusters: []\nclusters: []'],
    ['other shapes', 'clusters: 1\nusers: 2\ncontexts: 3'],
    ['too much', `#${'x'.repeat(1024 * 1024)}`],
  ])('%s', async (_, text) => {
    expect(await refusal(text)).toMatch(/^The kubeconfig can not be used: /);
  });
});
