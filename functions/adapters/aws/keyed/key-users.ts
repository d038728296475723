/** IAM users that exist for the keys of one bucket or queue each, below a path of Berth's own, within a boundary. */
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  type IAMClient,
  ListAccessKeysCommand,
  ListUserTagsCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { Problem, TransientError } from '../../../core/problem.ts';
import type { AccessKey } from '../../../ports/buckets-and-queues.ts';
import { ServerNotOurs } from '../../../ports/rules/server-not-ours.ts';
import { isAws, sent, unless } from '../sdk-errors.ts';
import { createPatience } from './key-patience.ts';
import { OWNER } from './key-rules.ts';

export interface KeyUsersOptions {
  iam: IAMClient;
  path: string;
  /** ARN of the policy that bounds every user. */
  boundary: string;
  now(): number;
}

export interface KeyUserSpec {
  tags: Record<string, string>;
  policy: string;
}

const POLICY = 'own';
const NONE = ['NoSuchEntityException', 'NoSuchEntity'];
const EXISTS = ['EntityAlreadyExistsException', 'EntityAlreadyExists'];
const LIMIT = ['LimitExceededException', 'LimitExceeded'];
const DENIED = ['AccessDenied', 'AccessDeniedException'];
/** IAM answers so while it has not yet told all of itself what changed. */
const SETTLING = ['ConcurrentModificationException', 'EntityTemporarilyUnmodifiableException'];
/** Something of the user is there: what was removed a moment ago, or what others have given it. */
const HELD = ['DeleteConflictException', 'DeleteConflict'];

/**
 * Rights are given by the path of users, and IAM finds the path by looking the user up: of one that it does not know (yet, or any
 * more) it refuses what it would allow. What it has refused for so long it does not allow, milliseconds.
 */
const DENIED_MS = 120_000;

export function createKeyUsers({ iam, path, boundary, now }: KeyUsersOptions) {
  const patience = createPatience(DENIED_MS, now);

  /** @throws TransientError */
  async function settling<T>(request: Promise<T>): Promise<T> {
    try {
      return await sent(request);
    } catch (error) {
      if (!isAws(error, ...SETTLING)) throw error;
      throw new TransientError('IAM is still settling', { cause: error });
    }
  }
  /** @throws TransientError | Problem invalid_resource where the account does not let Berth have users */
  async function asked<T>(request: Promise<T>): Promise<T> {
    try {
      return await settling(request);
    } catch (error) {
      throw isAws(error, ...DENIED) ? forbidden(error) : error;
    }
  }
  /** Of a user that was made a moment ago, which not all of IAM knows yet. @param what is done, and to which user */
  async function ofNew<T>(what: string, request: Promise<T>): Promise<T> {
    try {
      const done = await settling(request);
      patience.end(what);
      return done;
    } catch (error) {
      const denied = isAws(error, ...DENIED);
      if (!denied && !isAws(error, ...NONE)) throw error;
      if (denied && patience.isOver(what)) throw forbidden(error);
      throw new TransientError('IAM does not know the user yet', { cause: error });
    }
  }
  /** Removes a user or something of it, which another run may have removed a moment ago. @param what is done */
  async function removed(UserName: string, tag: string, what: string, request: Promise<unknown>) {
    const done = `${what} ${UserName}`;
    try {
      await unless(NONE, settling(request));
    } catch (error) {
      const held = isAws(error, ...HELD);
      if (!held && !isAws(error, ...DENIED)) throw error;
      if (await exists(UserName, tag)) {
        if (patience.isOver(done)) throw held ? heldBack(UserName, error) : notRemovable(UserName, error);
        throw new TransientError('IAM does not know yet what becomes of the user', { cause: error });
      }
    }
    patience.end(done);
  }

  /** @throws ServerNotOurs */
  async function exists(UserName: string, tag: string): Promise<boolean> {
    const found = await unless(NONE, asked(iam.send(new ListUserTagsCommand({ UserName }))));
    if (!found) return false;
    if (!found.Tags?.some(({ Key, Value }) => Key === OWNER && Value === tag))
      throw new ServerNotOurs(UserName);
    return true;
  }

  async function keyIds(UserName: string): Promise<string[]> {
    const found = await unless(NONE, asked(iam.send(new ListAccessKeysCommand({ UserName }))));
    return (found?.AccessKeyMetadata ?? []).flatMap(({ AccessKeyId: id }) => (id === undefined ? [] : [id]));
  }

  async function endKeys(UserName: string, tag: string, kept: readonly string[]): Promise<void> {
    for (const AccessKeyId of await keyIds(UserName)) {
      if (kept.includes(AccessKeyId)) continue;
      const command = new DeleteAccessKeyCommand({ UserName, AccessKeyId });
      await removed(UserName, tag, `end ${AccessKeyId}`, iam.send(command));
    }
  }

  async function create(UserName: string, tags: Record<string, string>): Promise<void> {
    const command = new CreateUserCommand({
      UserName,
      Path: path,
      PermissionsBoundary: boundary,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
    try {
      await unless(EXISTS, asked(iam.send(command)));
    } catch (error) {
      if (isAws(error, ...LIMIT)) throw full(error);
      throw error;
    }
  }

  /** Makes the user with its policy; idempotent. @throws ServerNotOurs */
  async function ensure(UserName: string, { tags, policy }: KeyUserSpec): Promise<void> {
    const tag = tags[OWNER] ?? '';
    if (!(await exists(UserName, tag))) {
      await create(UserName, tags);
      // Another run of the step may have made it, and another environment too.
      if (!(await exists(UserName, tag))) throw new TransientError('IAM does not know the user yet');
    }
    const command = new PutUserPolicyCommand({ UserName, PolicyName: POLICY, PolicyDocument: policy });
    await ofNew(`write the policy ${UserName}`, iam.send(command));
  }

  return {
    ensure,

    /** A key of the user, which is made where there is none. AWS lets a user have two. @throws ServerNotOurs */
    async createKey(UserName: string, spec: KeyUserSpec, kept: readonly string[]): Promise<AccessKey> {
      await ensure(UserName, spec);
      const make = () => ofNew(`make a key ${UserName}`, iam.send(new CreateAccessKeyCommand({ UserName })));
      let made = await unless(LIMIT, make());
      if (!made) {
        // A run that ended before it had stored its key has left it, and nobody knows its secret.
        await endKeys(UserName, spec.tags[OWNER] ?? '', kept);
        made = await unless(LIMIT, make());
      }
      const { AccessKeyId: id, SecretAccessKey: secret } = made?.AccessKey ?? {};
      if (id === undefined || secret === undefined)
        throw new TransientError('IAM has no room yet for another key of the user');
      return { id, secret };
    },

    /** @throws ServerNotOurs */
    async retain(UserName: string, tag: string, keyId: string): Promise<void> {
      if (await exists(UserName, tag)) await endKeys(UserName, tag, [keyId]);
    },

    /** Keys first, so that nobody uses what is removed next; idempotent. @throws ServerNotOurs */
    async remove(UserName: string, tag: string): Promise<void> {
      if (!(await exists(UserName, tag))) return;
      const remove = removed.bind(undefined, UserName, tag);
      await endKeys(UserName, tag, []);
      await remove(
        'remove the policy',
        iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName: POLICY })),
      );
      await remove('remove', iam.send(new DeleteUserCommand({ UserName })));
    },

    /** Whether there is one that carries the tag. */
    async has(UserName: string, tag: string): Promise<boolean> {
      return exists(UserName, tag).catch((error: unknown) => {
        if (error instanceof ServerNotOurs) return false;
        throw error;
      });
    },
  };
}

export type KeyUsers = ReturnType<typeof createKeyUsers>;

const full = (cause: unknown): Problem =>
  new Problem(
    'invalid_resource',
    'The resource can not be provided: the AWS account has as many IAM users as AWS allows (5,000), and its key needs one.',
    {
      hint: 'Destroy environments that nobody needs, have the platform team remove IAM users, or name a bucket or queue of your own by secrets of the environment.',
      cause,
    },
  );

const forbidden = (cause: unknown): Problem =>
  new Problem(
    'invalid_resource',
    'The resource can not be provided: the AWS account does not let Berth have an IAM user for its key.',
    {
      hint: 'Have the platform team look at the organization’s policies and its boundary for IAM users below /berth/, or set berth:bucketsAndQueues to no, and name one of your own by secrets of the environment.',
      cause,
    },
  );

const notRemovable = (user: string, cause: unknown): Problem =>
  new Problem(
    'invalid_resource',
    `The key of the resource can not be removed: the AWS account does not let Berth remove the IAM user ${user}.`,
    {
      hint: 'Have the platform team look at the organization’s policies for IAM users below /berth/, or remove this user; then destroy again.',
      cause,
    },
  );

const heldBack = (user: string, cause: unknown): Problem =>
  new Problem(
    'invalid_resource',
    `The key of the resource can not be removed: what others have added to the IAM user ${user}, such as a policy or a group, keeps it. Its keys are ended.`,
    {
      hint: 'Have the platform team take what was added away from this user, or remove it; then destroy again.',
      cause,
    },
  );
