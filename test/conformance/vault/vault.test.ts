/** Vault's own core and HTTP API, in memory: secrets that are kept there, and how Berth signs in. */
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assumedRole } from '../../../functions/adapters/aws/assumed-role.ts';
import { createVaultProof, type VaultProofOptions } from '../../../functions/adapters/aws/vault-proof.ts';
import { createVault } from '../../../functions/adapters/vault/vault.ts';
import type { VaultLogin } from '../../../functions/adapters/vault/vault-client.ts';
import { secretKeeperContract } from '../../contracts/secret-keepers.ts';
import { startMoto, whyNoMoto } from '../support/aws/moto.ts';
import { missingProgram } from '../support/process.ts';
import { startVault, type TestVault } from './server.ts';

const whyMoto = await whyNoMoto();
if (whyMoto) console.log(`Skipped: the sign-in by AWS, since ${whyMoto}.`);
const why = await missingProgram([['go', 'version']]);
if (why) console.log(`Skipped: Vault, since ${why}.`);

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwtOf = (subject: string): Promise<string> =>
  new SignJWT({})
    .setProtectedHeader({ alg: 'ES256' })
    .setSubject(subject)
    .setAudience('vault')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);

describe.skipIf(why)('Vault', () => {
  let vault: TestVault;
  let token: string;
  beforeAll(async () => {
    vault = await startVault();
    await vault.call('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } });
    await vault.call('PUT', 'sys/policies/acl/berth', {
      policy: 'path "secret/data/shop/*" { capabilities = ["read"] }',
    });
    await vault.call('POST', 'sys/auth/berth-jwt', { type: 'jwt' });
    await vault.call('POST', 'auth/berth-jwt/config', {
      jwt_validation_pubkeys: [publicKey.export({ type: 'spki', format: 'pem' })],
    });
    await vault.call('POST', 'auth/berth-jwt/role/berth', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_audiences: ['vault'],
      bound_subject: 'berth',
      token_policies: ['berth'],
      token_ttl: '60s',
    });
    token = await newToken();
  }, 2_400_000);
  afterAll(() => vault?.stop());

  async function newToken(): Promise<string> {
    const made = await vault.call('POST', 'auth/token/create', { policies: ['berth'], ttl: '1h' });
    return (made as { auth: { client_token: string } }).auth.client_token;
  }
  const keeper = (login: VaultLogin, now = Date.now) => createVault({ address: vault.url, login, now });
  const byToken = (): VaultLogin => ({ kind: 'token', read: async () => `${token}\n` });
  async function put(name: string, value: object): Promise<{ entry: string; version: string }> {
    const made = await vault.call('POST', `secret/data/${name}`, { data: value });
    return {
      entry: `secret/${name}`,
      version: String((made as { data: { version: number } }).data.version),
    };
  }
  const from = 'vault' as const;

  secretKeeperContract('Vault, by a token', async () => ({
    keeper: keeper(byToken()),
    from,
    noVersion: '99',
    put,
    forget: async (entry, version) =>
      void (await vault.call('PUT', entry.replace('/', '/destroy/'), { versions: [Number(version)] })),
    forbidden: async (name) => (await put(name.replace('shop/', 'others/'), { password: 'one' })).entry,
    dispose: async () => undefined,
  }));

  it('a version that was deleted, and could be taken back, is gone as well', async () => {
    const { entry, version } = await put('shop/soft', { password: 'one' });
    await vault.call('DELETE', entry.replace('/', '/data/'));
    expect(await keeper(byToken()).read({ from, entry, key: 'password', version })).toBeUndefined();
  });

  it('signs in by a JWT, and again when what it got has run out or was revoked', async () => {
    const { entry, version } = await put('shop/jwt', { password: 'sesame' });
    let [signIns, later] = [0, 0];
    const proof = async () => {
      signIns++;
      return { jwt: await jwtOf('berth') };
    };
    const signed = keeper(
      { kind: 'role', mount: 'berth-jwt', role: 'berth', proof },
      () => Date.now() + later,
    );
    const source = { from, entry, key: 'password', version };
    for (let times = 0; times < 3; times++) expect(await signed.read(source)).toBe('sesame');
    expect(signIns).toBe(1);
    later = 50_000;
    expect(await signed.read(source)).toBe('sesame');
    expect(signIns).toBe(2);
    await vault.call('POST', 'sys/leases/revoke-prefix/auth/berth-jwt', {});
    expect(await signed.read(source)).toBe('sesame');
    expect(signIns).toBe(3);
  });

  it.skipIf(whyMoto)(
    'signs in by AWS credentials, as STS says whose they are, and only those of the role',
    async () => {
      const moto = await startMoto();
      try {
        const sts = { endpoint: moto.url, region: 'us-east-1' };
        const { entry, version } = await put('shop/aws', { password: 'sesame' });
        await vault.call('POST', 'sys/auth/aws', { type: 'aws' });
        await vault.call('POST', 'auth/aws/config/client', {
          sts_endpoint: sts.endpoint,
          sts_region: sts.region,
          iam_server_id_header_value: new URL(vault.url).hostname,
        });
        await vault.call('POST', 'auth/aws/role/berth', {
          auth_type: 'iam',
          bound_iam_principal_arn: 'arn:aws:iam::123456789012:role/berth-api',
          resolve_aws_unique_ids: false,
          token_policies: ['berth'],
          token_ttl: '60s',
        });
        /** Of a function that has the role, as STS gives them. */
        const assume = (role: string) =>
          assumedRole({
            role: `arn:aws:iam::123456789012:role/${role}`,
            region: sts.region,
            credentials: async () => moto.client.credentials,
            endpoint: moto.url,
          });
        const by = (role: string, options: Partial<VaultProofOptions> = {}) => {
          const proof = createVaultProof({
            vault: vault.url,
            credentials: assume(role),
            now: Date.now,
            sts,
            ...options,
          });
          return keeper({ kind: 'role', mount: 'aws', role: 'berth', proof });
        };
        const source = { from, entry, key: 'password', version };
        expect(await by('berth-api').read(source)).toBe('sesame');
        const refused = expect.objectContaining({
          code: 'secret_unavailable',
          message: expect.stringContaining('let Berth in'),
        });
        await expect(by('somebody').read(source)).rejects.toEqual(refused);
        // What was signed for another Vault is good for no other.
        await expect(by('berth-api', { vault: 'https://other.example.com' }).read(source)).rejects.toEqual(
          refused,
        );
      } finally {
        await moto.stop();
      }
    },
  );

  it('takes a token that was replaced', async () => {
    const { entry, version } = await put('shop/token', { password: 'sesame' });
    const mine = keeper(byToken());
    const source = { from, entry, key: 'password', version };
    expect(await mine.read(source)).toBe('sesame');
    await vault.call('POST', 'auth/token/revoke', { token });
    token = await newToken();
    expect(await mine.read(source)).toBe('sesame');
  });

  it('says that Vault does not let it in, without the credentials', async () => {
    const { entry } = await put('shop/closed', { password: 'sesame' });
    const jwt = await jwtOf('somebody');
    const refused = keeper({ kind: 'role', mount: 'berth-jwt', role: 'berth', proof: async () => ({ jwt }) });
    const error = await refused.pin({ from, entry, key: 'password' }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      code: 'secret_unavailable',
      message: expect.stringContaining('let Berth in'),
    });
    expect(JSON.stringify(error) + String((error as Error).cause)).not.toContain(jwt);
  });

  it('says of a KV engine of version 1 that it has no versions', async () => {
    await vault.call('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } });
    await vault.call('POST', 'old/shop/db', { password: 'one' });
    await vault.call('PUT', 'sys/policies/acl/berth', {
      policy:
        'path "secret/data/shop/*" { capabilities = ["read"] }\npath "old/*" { capabilities = ["read"] }',
    });
    const source = { from, entry: 'old/shop/db', key: 'password' };
    await expect(keeper(byToken()).pin(source)).rejects.toMatchObject({
      code: 'secret_unavailable',
      hint: expect.stringContaining('version 2'),
    });
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where Vault can not be built', () => undefined);
