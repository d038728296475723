/** Secrets that a company keeps elsewhere: how they are named, and which project may refer to which. Pure. */
import { Problem } from '../problem.ts';

/** Where they are kept. */
export const secretKeepers = ['aws-secrets-manager', 'vault'] as const;
export type SecretKeeperName = (typeof secretKeepers)[number];

export interface SecretSource {
  from: SecretKeeperName;
  /** An ARN of Secrets Manager; of Vault the mount of a KV engine (version 2) and the path in it, as `secret/shop/db`. */
  entry: string;
  /** A member of the entry's JSON object; Vault always has one. The whole text where absent. */
  key?: string;
  /** The version that every deployment takes; the newest one at that time where absent. */
  version?: string;
}

export type PinnedSource = SecretSource & { version: string };

/** Lets a project refer to the entry of that name, or to all below it where it ends with a slash. */
export interface SecretSourceRule {
  /** Name of a project; `*` stands for all. */
  project: string;
  from: SecretKeeperName;
  prefix: string;
}

const ARN = /^arn:aws[a-z-]{0,20}:secretsmanager:[a-z0-9-]{1,30}:\d{12}:secret:[A-Za-z0-9/_+=.@!-]{1,519}$/;
/** No segment that a server could read as another one. */
const PATH = /^(?:(?!\.{1,2}\/)[A-Za-z0-9_.@+=-]{1,128}\/){1,12}(?!\.{1,2}$)[A-Za-z0-9_.@+=-]{1,128}$/;
const ARN_PREFIX =
  /^arn:aws[a-z-]{0,20}:secretsmanager:[a-z0-9-]{1,30}:\d{12}:secret:[A-Za-z0-9/_+=.@!-]{0,519}$/;
const PATH_PREFIX =
  /^(?:(?!\.{1,2}\/)[A-Za-z0-9_.@+=-]{1,128}\/){1,12}(?:(?!\.{1,2}$)[A-Za-z0-9_.@+=-]{1,128})?$/;

/** Why it names no entry, as a clause; undefined where it does. */
export function sourceFault({ from, entry, key }: SecretSource): string | undefined {
  if (from === 'aws-secrets-manager')
    return ARN.test(entry) ? undefined : 'entry must be the whole ARN of a secret of AWS Secrets Manager';
  if (!PATH.test(entry)) return 'entry must be a mount and a path, such as secret/shop/db';
  return key === undefined ? 'key must be given: an entry of Vault has several' : undefined;
}

/** Why it is no prefix, as a clause; undefined where it is one. */
export function prefixFault({ from, prefix }: Pick<SecretSourceRule, 'from' | 'prefix'>): string | undefined {
  if (from === 'vault')
    return PATH_PREFIX.test(prefix) ? undefined : 'prefix must be a path, such as secret/shop/';
  return ARN_PREFIX.test(prefix) ? undefined : 'prefix must be an ARN, or one up to a slash in its name';
}

export const isAllowed = (
  rules: readonly SecretSourceRule[],
  project: string,
  { from, entry }: Pick<SecretSource, 'from' | 'entry'>,
): boolean =>
  rules.some(
    (rule) =>
      rule.from === from &&
      (rule.project === '*' || rule.project === project) &&
      (entry === rule.prefix || (rule.prefix.endsWith('/') && entry.startsWith(rule.prefix))),
  );

/** A source in one text, as pins show and compare it. */
export const sourceText = ({ from, entry, key, version }: SecretSource): string =>
  `${from}:${entry}${key === undefined ? '' : `#${key}`}${version === undefined ? '' : `@${version}`}`;

const keepers: Readonly<Record<SecretKeeperName, string>> = {
  'aws-secrets-manager': 'AWS Secrets Manager',
  vault: 'Vault',
};

/** An entry in a sentence. */
export const sourceWords = ({ from, entry, key }: SecretSource): string =>
  `${entry}${key === undefined ? '' : ` (${key})`} in ${keepers[from]}`;

/** An entry that can not be read. @param why as a clause, without a value */
export const unreadableSource = (source: SecretSource, why: string, hint: string, cause?: unknown): Problem =>
  new Problem('secret_unavailable', `The secret ${sourceWords(source)} can not be read: ${why}.`, {
    hint,
    ...(cause !== undefined && { cause }),
  });

/** The pinned version is not there any more. */
export const goneSource = (source: PinnedSource): Problem =>
  unreadableSource(
    source,
    `version ${source.version}, which this deployment has pinned, is gone from there`,
    'Deploy the version anew instead of rolling back: a deployment takes the newest version. Or bring that one back where it is kept.',
  );

/**
 * The value of an entry, or of a member of it.
 * @throws Problem secret_unavailable
 */
export function valueIn(source: SecretSource, text: string): string {
  if (source.key === undefined) return text;
  let members: unknown;
  try {
    members = JSON.parse(text);
  } catch {
    members = undefined;
  }
  if (members === null || typeof members !== 'object' || Array.isArray(members))
    throw unreadableSource(source, 'it is no JSON object, so that it has no keys', 'Leave the key out.');
  const value = Object.hasOwn(members, source.key)
    ? (members as Record<string, unknown>)[source.key]
    : undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw unreadableSource(
    source,
    value === undefined ? 'it has no such key' : 'that key has no text',
    'Correct the key.',
  );
}
