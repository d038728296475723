/**
 * Secrets in AWS Secrets Manager, one a path: those of builds, since CodeBuild reads them there by itself. All others
 * were there in earlier releases (docs/adr/0090).
 *
 * A version can not be deleted there. It is revoked by a tombstone: a version with an id that follows from
 * its own. Whoever reads a version looks for its tombstone too. The revoked version loses its labels, so that
 * Secrets Manager drops it in its own time; the tombstone is younger and outlives it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  type GetSecretValueResponse,
  ListSecretsCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { Problem, TransientError } from '../../../core/problem.ts';
import { checkSecretValue } from '../../../ports/rules/secret-checks.ts';
import type { Secrets } from '../../../ports/secrets.ts';
import { isAws, sent, unless } from '../sdk-errors.ts';
import {
  checkedName,
  decodePath,
  encodePath,
  isUnder,
  nameOf,
  tokenOf,
  tombstoneOf,
} from './secrets-names.ts';

export interface SecretsManagerOptions {
  client: SecretsManagerClient;
  /** What every name starts with, without a slash at its end. */
  prefix: string;
}

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
const REVOKED = 'BERTHREVOKED';
export const NOT_FOUND = 'ResourceNotFoundException';
const EXISTS = 'ResourceExistsException';
/** The secret was deleted a moment ago: its name can be had again soon. */
export const DELETED = 'InvalidRequestException';
const ATTEMPTS = 6;
const DESCRIBED_AT_ONCE = 10;

/** Whatever is no text was written by us: Secrets Manager takes no empty text. */
const EMPTY = Buffer.from('empty');
const TOMBSTONE = Buffer.from('revoked');

/** The value of a version; undefined for a tombstone. */
export function textOf({
  SecretString: text,
  SecretBinary: binary,
}: GetSecretValueResponse): string | undefined {
  if (text !== undefined) return text;
  return binary && Buffer.compare(binary, EMPTY) === 0 ? '' : undefined;
}

export function createSecretsManager({ client, prefix }: SecretsManagerOptions): Secrets {
  const read = (name: string, version: { VersionId?: string }) =>
    unless([NOT_FOUND, DELETED], client.send(new GetSecretValueCommand({ SecretId: name, ...version })));

  const isRevoked = async (name: string, token: string): Promise<boolean> =>
    (await read(name, { VersionId: tombstoneOf(token) })) !== undefined;

  /** Adds the version, to the secret that is there or a new one. */
  async function write(name: string, token: string, value: string): Promise<void> {
    const content = value === '' ? { SecretBinary: EMPTY } : { SecretString: value };
    const request = { ClientRequestToken: token, ...content };
    for (let attempt = 1; ; attempt++) {
      try {
        await sent(client.send(new PutSecretValueCommand({ SecretId: name, ...request })));
        return;
      } catch (error) {
        // The version is there with another value: it stays as it was first put.
        if (isAws(error, EXISTS)) return;
        if (isAws(error, 'LimitExceededException')) throw tooManyVersions(error);
        if (!isAws(error, NOT_FOUND, DELETED)) throw error;
      }
      try {
        const Tags = [{ Key: 'berth', Value: 'secret' }];
        await sent(client.send(new CreateSecretCommand({ Name: name, Tags, ...request })));
        return;
      } catch (error) {
        if (!isAws(error, EXISTS, DELETED)) throw error;
        if (attempt === ATTEMPTS)
          throw new TransientError('The secret is neither there nor can it be made.', { cause: error });
      }
      await sleep(50 * 2 ** attempt);
    }
  }

  return {
    async put(path, value, options = {}) {
      const name = checkedName(prefix, path);
      checkSecretValue(value);
      const versionId = options.versionId ?? randomUUID();
      if (versionId === '') throw new RangeError('versionId is empty');
      const token = tokenOf(versionId);
      // A version that was revoked, and perhaps dropped since, is not put again.
      if (options.versionId !== undefined && (await isRevoked(name, token))) return versionId;
      await write(name, token, value);
      return versionId;
    },

    async get(path, version) {
      const name = nameOf(prefix, path);
      if (name === undefined || version === '') return undefined;
      const found = await read(name, version === undefined ? {} : { VersionId: tokenOf(version) });
      if (found?.VersionId === undefined) return undefined;
      const text = textOf(found);
      return text === undefined || (await isRevoked(name, found.VersionId)) ? undefined : text;
    },

    async revoke(path, version) {
      const name = nameOf(prefix, path);
      if (name === undefined || version === '') return;
      const token = tokenOf(version);
      const found = await read(name, { VersionId: token });
      if (found === undefined) return;
      const tombstone = tombstoneOf(token);
      const put = new PutSecretValueCommand({
        SecretId: name,
        ClientRequestToken: tombstone,
        SecretBinary: TOMBSTONE,
        VersionStages: [REVOKED],
      });
      await unless([NOT_FOUND, EXISTS], client.send(put));
      // The label moves to the tombstone only if this version still is the current one.
      const takeFrom = (label: string, MoveToVersionId?: string) =>
        unless(
          ['InvalidParameterException', NOT_FOUND],
          client.send(
            new UpdateSecretVersionStageCommand({
              SecretId: name,
              VersionStage: label,
              RemoveFromVersionId: token,
              ...(MoveToVersionId === undefined ? {} : { MoveToVersionId }),
            }),
          ),
        );
      await takeFrom(CURRENT, tombstone);
      await takeFrom(PREVIOUS);
    },

    async remove(path) {
      const name = nameOf(prefix, path);
      if (name === undefined) return;
      const request = new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true });
      await unless([NOT_FOUND, DELETED], client.send(request));
    },

    /** Secrets Manager may take minutes to list what was made: what must not be missed is known by its name. */
    async list(under) {
      const root = `${prefix}/`;
      const names: string[] = [];
      let NextToken: string | undefined;
      do {
        const page = await sent(
          client.send(
            new ListSecretsCommand({
              Filters: [{ Key: 'name', Values: [root + encodePath(under.replace(/\/$/, ''))] }],
              MaxResults: 100,
              ...(NextToken === undefined ? {} : { NextToken }),
            }),
          ),
        );
        for (const { Name: name } of page.SecretList ?? [])
          if (name?.startsWith(root) && isUnder(decodePath(name.slice(root.length)), under)) names.push(name);
        NextToken = page.NextToken;
      } while (NextToken !== undefined);

      // Secrets that were deleted are listed for a while as well.
      const there: string[] = [];
      for (let index = 0; index < names.length; index += DESCRIBED_AT_ONCE) {
        const some = names.slice(index, index + DESCRIBED_AT_ONCE);
        const found = await Promise.all(
          some.map((name) => unless([NOT_FOUND], client.send(new DescribeSecretCommand({ SecretId: name })))),
        );
        there.push(...some.filter((_, at) => found[at] !== undefined && found[at].DeletedDate === undefined));
      }
      return there.map((name) => decodePath(name.slice(root.length))).sort();
    },
  };
}

const tooManyVersions = (cause: unknown): Problem =>
  new Problem(
    'too_many_requests',
    'The secret was not kept: it was changed about 100 times within a day, and AWS Secrets Manager keeps no more.',
    { hint: 'Try again tomorrow, or use a secret of another name.', cause },
  );
