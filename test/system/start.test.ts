/** What keeps Berth from starting is said in words, with the next thing to do, and never as a stack. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLocal } from '../../functions/hosts/machine/berth.ts';
import { ConfigError, readConfig } from '../../functions/hosts/machine/config/config.ts';
import { silentLog } from '../../functions/hosts/machine/terminal-log.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-start-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const config = (change: object = {}) => ({
  port: 0,
  host: '127.0.0.1',
  dataDirectory: join(directory, 'data'),
  demo: false,
  sweepSeconds: 3600,
  ...change,
});

const start = async (change: object = {}): Promise<void> => {
  const berth = await startLocal(config(change), silentLog);
  await berth.resumed;
  await berth.close();
};

describe('The configuration', () => {
  it('has a default for each variable that is not set, or empty', () => {
    const defaults = { port: 4600, host: '127.0.0.1', demo: true, sweepSeconds: 1 };
    expect(readConfig({})).toMatchObject(defaults);
    expect(readConfig({ BERTH_PORT: '', BERTH_HOST: '', BERTH_DEMO: '', BERTH_DATA_DIR: '' })).toMatchObject(
      defaults,
    );
    expect(readConfig({ BERTH_PORT: '0', BERTH_SWEEP_SECONDS: '0.2', BERTH_DEMO: '0' })).toMatchObject({
      port: 0,
      sweepSeconds: 0.2,
      demo: false,
    });
  });

  it.each([
    ['BERTH_PORT', 'abc'],
    ['BERTH_PORT', '1e3'],
    ['BERTH_PORT', '0x10'],
    ['BERTH_PORT', '-1'],
    ['BERTH_PORT', '65536'],
    ['BERTH_PORT', '4600\n'],
    ['BERTH_SWEEP_SECONDS', '0'],
    ['BERTH_SWEEP_SECONDS', 'NaN'],
    ['BERTH_DEMO', 'yes'],
  ])('refuses %s=%j and says what it may be', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => readConfig({ [name]: value })).toThrow(
      new RegExp(`^${name} can not be used: it must be .*\\d`),
    );
  });
});

describe('The configuration of a cluster', () => {
  const given = { BERTH_KUBECONFIG: 'kubeconfig', BERTH_REGISTRY: 'registry.example.com/team/berth' };

  it('needs a kubeconfig and a registry, and has sane defaults', () => {
    expect(readConfig({}).cluster).toBeUndefined();
    expect(readConfig(given)).toMatchObject({
      demo: false,
      cluster: {
        access: { kind: 'kubeconfig', path: expect.stringMatching(/^\/.*\/kubeconfig$/) },
        registry: {
          url: 'https://registry.example.com',
          prefix: 'team/berth',
          inCluster: 'registry.example.com/team/berth',
        },
        domain: 'localhost',
        scheme: 'http',
        namespacePrefix: 'berth',
      },
    });
  });

  it('takes another name of the registry for the cluster, and https with a real domain', () => {
    const more = {
      ...given,
      BERTH_REGISTRY: 'http://localhost:5001',
      BERTH_REGISTRY_IN_CLUSTER: 'registry:5000',
      BERTH_APPS_DOMAIN: 'apps.example.com',
      BERTH_EGRESS_CIDRS: '10.0.0.0/16, 10.1.0.0/16',
    };
    expect(readConfig(more).cluster).toMatchObject({
      registry: { url: 'http://localhost:5001', prefix: '', inCluster: 'registry:5000' },
      scheme: 'https',
      egressCidrs: ['10.0.0.0/16', '10.1.0.0/16'],
    });
  });

  it('takes an EKS cluster by its name, and not beside a kubeconfig', () => {
    const { BERTH_KUBECONFIG: _, ...rest } = given;
    const named = { ...rest, BERTH_EKS_CLUSTER: 'ours' };
    expect(readConfig(named).cluster?.access).toEqual({ kind: 'eks', name: 'ours' });
    expect(() => readConfig({ ...given, ...named })).toThrow(/^BERTH_EKS_CLUSTER can not be used: /);
  });

  it.each([
    ['BERTH_REGISTRY', 'https://user:password@registry.example.com', given],
    ['BERTH_REGISTRY', 'registry.example.com/UPPER', given],
    ['BERTH_APPS_DOMAIN', 'apps.example.com/path', given],
    ['BERTH_APPS_SCHEME', 'ftp', given],
    ['BERTH_NAMESPACE_PREFIX', 'a/b', given],
    ['BERTH_GATEWAY_CIDRS', 'everywhere', given],
    ['BERTH_GATEWAY', 'berth', given],
    ['BERTH_PROBE_IMAGE', 'traefik', given],
    ['BERTH_REDIS_IMAGE', 'redis', given],
    ['BERTH_REGISTRY', 'registry.example.com', {}],
    ['BERTH_POSTGRES_URL', 'postgresql://a:b@c/d', {}],
  ])('refuses %s=%s', (name, value, rest: object) => {
    expect(() => readConfig({ ...rest, [name]: value })).toThrow(ConfigError);
    expect(() => readConfig({ ...rest, [name]: value })).toThrow(new RegExp(`^${name} can not be used: it `));
  });
});

describe('The settings of domains', () => {
  const at = { BERTH_ACME_DIRECTORY: 'https://ca.example.com/directory', BERTH_ACME_TERMS: 'accepted' };

  it('order nothing by themselves, and need the terms of the authority to be accepted', () => {
    expect(readConfig({}).domains).toBeUndefined();
    expect(readConfig(at).domains).toEqual({ acme: { directory: at.BERTH_ACME_DIRECTORY, httpsPort: 4643 } });
    const more = {
      BERTH_ACME_EMAIL: 'ops@example.com',
      BERTH_HTTPS_PORT: '443',
      BERTH_DNS_SERVERS: '10.0.0.2,127.0.0.1:8053',
      BERTH_DOMAINS_TARGET: 'apps.example.com',
    };
    expect(readConfig({ ...at, ...more }).domains).toEqual({
      acme: { directory: at.BERTH_ACME_DIRECTORY, email: 'ops@example.com', httpsPort: 443 },
      dnsServers: ['10.0.0.2', '127.0.0.1:8053'],
      target: 'apps.example.com',
    });
    const { BERTH_ACME_DIRECTORY } = at;
    expect(() => readConfig({ BERTH_ACME_DIRECTORY })).toThrow(
      /^BERTH_ACME_DIRECTORY can not be used: BERTH_ACME_TERMS/,
    );
    expect(() => readConfig({ BERTH_HTTPS_PORT: '443' })).toThrow(
      /^BERTH_HTTPS_PORT can not be used: it goes with/,
    );
  });

  it('need the activator in a cluster, which answers the authority', () => {
    const cluster = {
      BERTH_KUBECONFIG: '/etc/kubeconfig',
      BERTH_REGISTRY: 'https://registry.example.com/berth',
      BERTH_APPS_DOMAIN: 'apps.example.com',
    };
    expect(() => readConfig({ ...at, ...cluster })).toThrow(
      /^BERTH_ACME_DIRECTORY can not be used .* unless BERTH_ACTIVATOR is set/,
    );
    const { domains } = readConfig({ ...at, ...cluster, BERTH_ACTIVATOR: 'berth-gateway/activator:80' });
    expect(domains?.acme).toBeDefined();
  });

  it.each([
    ['BERTH_ACME_DIRECTORY', 'http://ca.example.com/'],
    ['BERTH_ACME_EMAIL', 'ops'],
    ['BERTH_ACME_TERMS', 'yes'],
    ['BERTH_HTTPS_PORT', '70000'],
    ['BERTH_DNS_SERVERS', 'dns.example.com'],
    ['BERTH_DOMAINS_TARGET', 'localhost'],
  ])('are refused by name: %s=%s', (name, value) => {
    expect(() => readConfig({ ...at, [name]: value })).toThrow(ConfigError);
    expect(() => readConfig({ ...at, [name]: value })).toThrow(
      new RegExp(`^${name} can not be used: it must`),
    );
  });
});

describe('A Vault', () => {
  const at = { BERTH_VAULT_ADDR: 'https://vault.example.com:8200' };

  it('is signed in to by a token, by a JWT for a role, or by AWS credentials for one', () => {
    expect(readConfig({}).vault).toBeUndefined();
    expect(readConfig({ ...at, BERTH_VAULT_TOKEN_FILE: '/run/token' }).vault).toEqual({
      address: at.BERTH_VAULT_ADDR,
      login: { kind: 'token', file: '/run/token' },
    });
    const jwt = { BERTH_VAULT_JWT_FILE: '/run/jwt', BERTH_VAULT_ROLE: 'berth' };
    expect(readConfig({ ...at, ...jwt, BERTH_VAULT_NAMESPACE: 'teams/shop' }).vault).toEqual({
      address: at.BERTH_VAULT_ADDR,
      namespace: 'teams/shop',
      login: { kind: 'jwt', file: '/run/jwt', mount: 'kubernetes', role: 'berth' },
    });
    const aws = { BERTH_VAULT_ROLE: 'berth', BERTH_VAULT_AUTH: 'aws-eu' };
    expect(readConfig({ ...at, ...aws }).vault?.login).toEqual({
      kind: 'aws',
      mount: 'aws-eu',
      role: 'berth',
    });
  });

  it.each([
    [at, /BERTH_VAULT_ADDR can not be used: it needs either/],
    [{ ...at, BERTH_VAULT_TOKEN_FILE: 'a', BERTH_VAULT_JWT_FILE: 'b' }, /it needs either/],
    [{ ...at, BERTH_VAULT_JWT_FILE: 'b' }, /it needs either/],
    [{ BERTH_VAULT_TOKEN_FILE: 'a' }, /BERTH_VAULT_TOKEN_FILE can not be used: it goes with/],
    [{ BERTH_VAULT_ADDR: 'https://vault.example.com/v1' }, /BERTH_VAULT_ADDR can not be used: it must be/],
  ])('refuses %j', (given, words) => {
    expect(() => readConfig(given)).toThrow(words);
  });
});

describe('A mail server', () => {
  const at = {
    BERTH_SMTP_URL: 'smtps://berth:secret@smtp.example.com',
    BERTH_MAIL_FROM: 'berth@example.com',
  };

  it('sends from one address, to the domains that are named', () => {
    expect(readConfig({}).mail).toBeUndefined();
    const base = { url: at.BERTH_SMTP_URL, from: at.BERTH_MAIL_FROM };
    expect(readConfig(at).mail).toEqual({ ...base, domains: [] });
    expect(readConfig({ ...at, BERTH_MAIL_DOMAINS: 'Example.com,example.org' }).mail).toEqual({
      ...base,
      domains: ['example.com', 'example.org'],
    });
  });

  it.each([
    [{ BERTH_MAIL_FROM: at.BERTH_MAIL_FROM }, /^BERTH_MAIL_FROM can not be used: BERTH_SMTP_URL and/],
    [{ BERTH_MAIL_DOMAINS: 'example.com' }, /^BERTH_MAIL_DOMAINS can not be used: BERTH_SMTP_URL and/],
    [{ ...at, BERTH_SMTP_URL: 'https://smtp.example.com' }, /^BERTH_SMTP_URL can not be used: it must/],
    [{ ...at, BERTH_MAIL_FROM: 'berth' }, /^BERTH_MAIL_FROM can not be used: it must/],
    [{ ...at, BERTH_MAIL_DOMAINS: 'example.com, a b' }, /^BERTH_MAIL_DOMAINS can not be used: it must/],
  ])('refuses %j', (given, words) => {
    expect(() => readConfig(given)).toThrow(words);
  });
});

describe('A start', () => {
  it('needs a directory that is one', async () => {
    await writeFile(join(directory, 'data'), '');
    await expect(start()).rejects.toMatchObject({ code: 'unavailable', hint: expect.stringMatching(/\S/) });
  });

  it('needs its port, and an address of this machine', async () => {
    const first = await startLocal(config(), silentLog);
    const port = Number(new URL(first.url).port);
    await expect(start({ port, dataDirectory: join(directory, 'other') })).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('BERTH_PORT'),
    });
    await first.resumed;
    await first.close();
    await expect(start({ host: 'nowhere.invalid' })).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('BERTH_HOST'),
    });
    // A start that was refused does not keep others from using the directory.
    await start();
  });

  it.each([
    ['secrets', 'damaged'],
    ['secrets.key', 'no key'],
    ['berth.db', 'damaged'],
    ['workflows.db', 'damaged'],
    ['admin-token', 'characters'],
  ])('with a damaged %s is refused in words', async (name, why) => {
    await start();
    const path = join(directory, 'data', name);
    for (const suffix of ['-wal', '-shm']) await rm(path + suffix, { force: true });
    await writeFile(path, 'not what it was\n'.repeat(name === 'admin-token' ? 0 : 300) || 'short');
    await expect(start()).rejects.toThrow(new RegExp(`${path}.*${why}|${why}.*${path}`));
  });

  it('refuses a token that was cut short', async () => {
    await start();
    const path = join(directory, 'data', 'admin-token');
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 20));
    await expect(start()).rejects.toThrow(/admin-token can not be used: it has 20 of 43 characters/);
  });

  it('refuses a place that is neither of both', async () => {
    await start();
    await writeFile(join(directory, 'data', 'place'), 'rubbish\n');
    await expect(start()).rejects.toThrow(/place can not be used: it says neither/);
  });

  it('keeps a second Berth away also where the file of the lock was deleted', async () => {
    const first = await startLocal(config(), silentLog);
    await first.resumed;
    await rm(join(directory, 'data', 'lock.db'));
    await expect(start()).rejects.toMatchObject({ code: 'unavailable' });
    await first.close();
    await start();
  });

  describe('with records that are missing', () => {
    const data = (...names: string[]): string => join(directory, 'data', ...names);

    /** A directory with a project, and one that was deleted. */
    async function used(): Promise<void> {
      const berth = await startLocal(config(), silentLog);
      await berth.resumed;
      const ask = (method: string, path: string, body?: object): Promise<unknown> =>
        fetch(berth.url.replace('localhost', '127.0.0.1') + path, {
          method,
          headers: { authorization: `Bearer ${berth.token}`, 'content-type': 'application/json' },
          ...(body && { body: JSON.stringify(body) }),
        });
      for (const name of ['gone', 'shop']) await ask('POST', '/v1/projects', { name });
      await ask('DELETE', '/v1/projects/gone');
      await berth.close();
    }

    const loseStore = async (): Promise<void> => {
      for (const suffix of ['', '-wal', '-shm']) await rm(data(`berth.db${suffix}`), { force: true });
    };

    it.each([
      ['a lost store', loseStore, 'events of project "shop"'],
      [
        'an emptied store',
        async () => {
          await loseStore();
          await writeFile(data('berth.db'), '');
        },
        'events of project "shop"',
      ],
      ['lost secrets', () => rm(data('secrets')), 'the file secrets is gone'],
      [
        'a directory of an environment that no record knows',
        async () => void (await mkdir(data('workloads/environments/shop/dev'), { recursive: true })),
        'environment shop/dev',
      ],
    ])('refuses %s, and goes on when told to, once for the same loss', async (_, lose, why) => {
      await used();
      await start();
      await lose();
      for (let times = 0; times < 2; times++)
        await expect(start()).rejects.toMatchObject({
          code: 'records_lost',
          message: expect.stringContaining(why),
          hint: expect.stringContaining('BERTH_ACCEPT_LOSS=1'),
        });
      await start({ acceptLoss: true });
      await start();
    });

    it('refuses a store that is older than what its audit trails were anchored at', async () => {
      await start();
      const older = await readFile(data('berth.db'));
      await used();
      await loseStore();
      await writeFile(data('berth.db'), older);
      await expect(start()).rejects.toMatchObject({ code: 'records_lost' });
    });
  });

  it('makes a token anew that a full disk has left empty', async () => {
    await start();
    await writeFile(join(directory, 'data', 'admin-token'), '');
    const berth = await startLocal(config(), silentLog);
    expect(berth.token).toMatch(/^[\w-]{40,}$/);
    await berth.resumed;
    await berth.close();
  });
});
