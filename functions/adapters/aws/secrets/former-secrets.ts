/**
 * Secrets as earlier releases kept them: each path a secret of Secrets Manager. They are read here once, to move to
 * where secrets are now.
 */
import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Secrets } from '../../../ports/secrets.ts';
import { unless } from '../sdk-errors.ts';
import { DELETED, NOT_FOUND, textOf } from './secrets-manager.ts';
import { nameOf, tombstoneOf } from './secrets-names.ts';

export interface FormerVersions {
  /** The token of the current version. It may be that of none, where the current one was revoked. */
  current: string;
  /** Values by the tokens of versions; undefined where it was revoked. */
  values: Map<string, string | undefined>;
}

export interface FormerSecrets extends Pick<Secrets, 'remove' | 'list'> {
  versions(path: string): Promise<FormerVersions | undefined>;
  /** Removes what was moved. It can be taken back for a week, by hand; AWS asks no money for that. */
  retire(path: string): Promise<void>;
}

const RECOVERY_DAYS = 7;

export function createFormerSecrets(
  { client, prefix }: { client: SecretsManagerClient; prefix: string },
  { remove, list }: Pick<Secrets, 'remove' | 'list'>,
): FormerSecrets {
  const read = (name: string, VersionId?: string) => {
    const request = { SecretId: name, ...(VersionId === undefined ? {} : { VersionId }) };
    return unless([NOT_FOUND, DELETED], client.send(new GetSecretValueCommand(request)));
  };

  /** Also versions without a label, which deployments may have pinned. */
  async function versionsOf(name: string): Promise<string[] | undefined> {
    const secret = await unless([NOT_FOUND], client.send(new DescribeSecretCommand({ SecretId: name })));
    if (!secret || secret.DeletedDate !== undefined) return undefined;
    const found: string[] = [];
    let NextToken: string | undefined;
    do {
      const command: ListSecretVersionIdsCommand = new ListSecretVersionIdsCommand({
        SecretId: name,
        IncludeDeprecated: true,
        ...(NextToken ? { NextToken } : {}),
      });
      const page = await unless([NOT_FOUND, DELETED], client.send(command));
      if (!page) return undefined;
      for (const { VersionId: id } of page.Versions ?? []) if (id !== undefined) found.push(id);
      NextToken = page.NextToken;
    } while (NextToken);
    return found;
  }

  return {
    remove,
    list,
    async versions(path) {
      const name = nameOf(prefix, path);
      const ids = name === undefined ? undefined : await versionsOf(name);
      if (name === undefined || !ids) return undefined;
      const values: FormerVersions['values'] = new Map();
      for (const id of ids) {
        const answer = await read(name, id);
        const text = answer && textOf(answer);
        if (text !== undefined) values.set(id, ids.includes(tombstoneOf(id)) ? undefined : text);
      }
      const current = (await read(name))?.VersionId;
      // It was deleted before all of it was read, or nothing but tombstones is left of it.
      if (current === undefined || values.size === 0) return undefined;
      return { current, values };
    },
    async retire(path) {
      const name = nameOf(prefix, path);
      if (name === undefined) return;
      const request = new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: RECOVERY_DAYS });
      await unless([NOT_FOUND, DELETED], client.send(request));
    },
  };
}
