/** Secrets over Secrets Manager and DynamoDB, as moto has them. */
import { CreateTableCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { createFormerSecrets } from '../../../functions/adapters/aws/secrets/former-secrets.ts';
import { createKeptSecrets } from '../../../functions/adapters/aws/secrets/kept-secrets.ts';
import { createSealedSecrets } from '../../../functions/adapters/aws/secrets/sealed-secrets.ts';
import { createSecretsKey } from '../../../functions/adapters/aws/secrets/secrets-key.ts';
import { createSecretsManager } from '../../../functions/adapters/aws/secrets/secrets-manager.ts';
import { createDynamoStore } from '../../../functions/adapters/aws/store/store.ts';
import { createTableInput } from '../../../functions/adapters/aws/store/table.ts';
import type { Secrets } from '../../../functions/ports/secrets.ts';
import { secretKeeperContract } from '../../contracts/secret-keepers.ts';
import { secretsContract } from '../../contracts/secrets.ts';
import { clientOptions, withMoto } from './support.ts';

const PATH = 'demo/dev/env/KEY';

await withMoto((url) => {
  secretsContract('Secrets Manager', async () => {
    const client = new SecretsManagerClient(clientOptions(url()));
    return {
      secrets: createSecretsManager({ client, prefix: 'berth' }),
      dispose: async () => client.destroy(),
    };
  });

  /** Secrets of an installation of its own, and what they stand on. */
  async function installation(prefix: string) {
    const client = new SecretsManagerClient(clientOptions(url()));
    const dynamo = new DynamoDBClient(clientOptions(url()));
    await dynamo.send(new CreateTableCommand(createTableInput(prefix)));
    const store = createDynamoStore({ client: dynamo, table: prefix });
    const former = createSecretsManager({ client, prefix });
    const open = () =>
      createSealedSecrets({
        store,
        key: createSecretsKey({ client, name: `${prefix}/-key`, store }),
        former: createFormerSecrets({ client, prefix }, former),
      });
    return {
      client,
      former,
      open,
      secrets: open(),
      names: async () => {
        const { SecretList = [] } = await client.send(new ListSecretsCommand({ MaxResults: 100 }));
        return SecretList.flatMap(({ Name: name }) => (name?.startsWith(`${prefix}/`) ? [name] : []));
      },
      text: async () => JSON.stringify(await dynamo.send(new ScanCommand({ TableName: prefix }))),
      dispose: async () => {
        await store.close();
        client.destroy();
        dynamo.destroy();
      },
    };
  }

  secretKeeperContract('AWS Secrets Manager', async () => {
    const client = new SecretsManagerClient(clientOptions(url()));
    const entries = new Map<string, string>();
    return {
      keeper: createKeptSecrets({ client: () => client, own: 'berth' }),
      from: 'aws-secrets-manager',
      noVersion: 'a0a0a0a0-0000-4000-8000-000000000000',
      async put(name, value) {
        const text = { SecretString: JSON.stringify(value) };
        const known = entries.get(name);
        const { ARN: entry = '', VersionId: version = '' } = known
          ? await client.send(new PutSecretValueCommand({ SecretId: known, ...text }))
          : await client.send(new CreateSecretCommand({ Name: name, ...text }));
        entries.set(name, entry);
        return { entry, version };
      },
      // Secrets Manager takes a version without labels away in its own time; its owner can take the whole entry.
      async forget(entry) {
        await client.send(new DeleteSecretCommand({ SecretId: entry, ForceDeleteWithoutRecovery: true }));
      },
      dispose: async () => client.destroy(),
    };
  });

  it("Berth's own secrets are nobody's to refer to, whatever the rules say", async () => {
    const client = new SecretsManagerClient(clientOptions(url()));
    const made = await client.send(
      new CreateSecretCommand({ Name: 'installation/-key', SecretString: 'the key' }),
    );
    const keeper = createKeptSecrets({ client: () => client, own: 'installation' });
    const source = { from: 'aws-secrets-manager', entry: made.ARN ?? '' } as const;
    await expect(keeper.pin(source)).rejects.toMatchObject({ code: 'secret_unavailable' });
    client.destroy();
  });

  secretsContract('sealed in the store', () => installation('sealed'));

  describe('Sealed secrets', () => {
    it('are one secret of Secrets Manager, however many there are, and no value stands in the table', async () => {
      const { secrets, names, text, dispose } = await installation('price');
      for (let at = 0; at < 25; at++)
        await secrets.put(`demo/dev-${at % 5}/env/KEY${at}`, `plain value ${at}`);
      expect(await names()).toEqual(['price/-key']);
      expect(await text()).not.toMatch(/plain value|cGxhaW4/);
      await dispose();
    });

    it('are opened by another process, and two that make the key at once have the same', async () => {
      const { open, dispose } = await installation('twice');
      const two = [open(), open()] as const;
      await Promise.all(two.map((secrets, at) => secrets.put(`demo/dev/env/KEY${at}`, `value ${at}`)));
      const third = open();
      expect(await third.get('demo/dev/env/KEY0')).toBe('value 0');
      expect(await two[0].get('demo/dev/env/KEY1')).toBe('value 1');
      await dispose();
    });

    it('tell of a key that was deleted or changed, make no other one, and are there again with it', async () => {
      const { client, secrets, open, dispose } = await installation('lost');
      const version = await secrets.put(PATH, 'value');
      const SecretId = 'lost/-key';
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
      const replace = new PutSecretValueCommand({ SecretId, SecretString: 'A'.repeat(43) });
      await client.send(replace);
      await expect(open().get(PATH)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('lost/-key'),
      });
      await client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
      await expect(open().get(PATH, version)).rejects.toMatchObject({ code: 'unavailable' });
      await expect(open().put(PATH, 'other')).rejects.toMatchObject({ code: 'unavailable' });
      const restored = createSecretsManager({ client, prefix: 'lost' });
      await restored.put('-key', SecretString ?? '');
      expect(await open().get(PATH, version)).toBe('value');
      await dispose();
    });
  });

  describe('Secrets of an earlier release', () => {
    const moved = async (client: SecretsManagerClient, SecretId: string): Promise<boolean> =>
      (await client.send(new DescribeSecretCommand({ SecretId }))).DeletedDate !== undefined;

    it('move with all versions, pinned, empty and revoked ones, at the first read of a pinned one', async () => {
      const { client, former, secrets, dispose } = await installation('former');
      const one = await former.put(PATH, 'one');
      const empty = await former.put(PATH, '');
      const revoked = await former.put(PATH, 'revoked');
      await former.revoke(PATH, revoked);
      const two = await former.put(PATH, 'two');
      expect(await secrets.get(PATH, one)).toBe('one');
      expect(await moved(client, `former/${PATH}`)).toBe(true);
      expect(await secrets.get(PATH)).toBe('two');
      expect(await secrets.get(PATH, two)).toBe('two');
      expect(await secrets.get(PATH, empty)).toBe('');
      expect(await secrets.get(PATH, revoked)).toBeUndefined();
      await secrets.put(PATH, 'revoked', { versionId: revoked });
      expect(await secrets.get(PATH)).toBe('two');
      await dispose();
    });

    it.each([
      ['write', (secrets: Secrets) => secrets.put(PATH, 'new')],
      ['read', (secrets: Secrets) => secrets.get(PATH)],
      ['revocation', (secrets: Secrets) => secrets.revoke(PATH, 'v-0')],
    ])('move at the first %s, and a pinned version is still read', async (what, use) => {
      const { client, former, secrets, dispose } = await installation(`by-${what}`);
      await former.put(PATH, 'zero', { versionId: 'v-0' });
      await former.put(PATH, 'one', { versionId: 'v-1' });
      await use(secrets);
      expect(await moved(client, `by-${what}/${PATH}`)).toBe(true);
      expect(await secrets.get(PATH, 'v-0')).toBe(what === 'revocation' ? undefined : 'zero');
      expect(await secrets.get(PATH, 'v-1')).toBe('one');
      expect(await secrets.get(PATH)).toBe(what === 'write' ? 'new' : 'one');
      await dispose();
    });

    it('whose current version was revoked have no current version afterwards', async () => {
      const { former, secrets, dispose } = await installation('without');
      const one = await former.put(PATH, 'one');
      await former.revoke(PATH, await former.put(PATH, 'two'));
      expect(await secrets.get(PATH)).toBeUndefined();
      expect(await secrets.get(PATH, one)).toBe('one');
      await dispose();
    });

    it('are listed and removed also before they moved', async () => {
      const { former, secrets, dispose } = await installation('unmoved');
      await former.put('demo/dev/env/A', 'a');
      await secrets.put('demo/dev/env/B', 'b');
      expect(await secrets.list('demo/dev')).toEqual(['demo/dev/env/A', 'demo/dev/env/B']);
      await secrets.remove('demo/dev/env/A');
      expect(await secrets.list('demo/dev')).toEqual(['demo/dev/env/B']);
      expect(await secrets.get('demo/dev/env/A')).toBeUndefined();
      await dispose();
    });

    it('stay where they are while the store is away, and move afterwards', async () => {
      const { client, former, secrets, dispose } = await installation('broken');
      const version = await former.put(PATH, 'value');
      const away = createSealedSecrets({
        store: createDynamoStore({
          client: new DynamoDBClient(clientOptions(url())),
          table: 'no-such-table',
        }),
        key: async () => Buffer.alloc(32),
        former: createFormerSecrets({ client, prefix: 'broken' }, former),
      });
      await expect(away.get(PATH, version)).rejects.toMatchObject({ code: 'unavailable' });
      expect(await moved(client, `broken/${PATH}`)).toBe(false);
      expect(await secrets.get(PATH, version)).toBe('value');
      await dispose();
    });
  });
});
