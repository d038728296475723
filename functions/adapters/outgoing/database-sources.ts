/** Reads databases on servers that users name, by connections to public addresses, or to those that the operator trusts. */
import { isIP } from 'node:net';
import { isPublicAddress } from '../../core/address.ts';
import { type DatabaseUrl, databaseUrlWords, readDatabaseUrl } from '../../core/databases/database-url.ts';
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';
import type { DatabaseSource, DatabaseSources } from '../../ports/database-sources.ts';
import { CopyFailed } from '../../ports/rules/copy-failed.ts';
import { type PostgresTarget, sqlState } from '../postgres/connections.ts';
import { ELSEWHERE } from '../postgres/copy/facts.ts';
import { readCopy } from '../postgres/copy/read-copy.ts';
import { ForbiddenAddress } from './outgoing.ts';
import { resolverLookup } from './resolver-lookup.ts';

export interface DatabaseSourcesOptions {
  /** As `10.0.0.5:5432`: these may have private addresses. */
  trusted?: readonly string[];
  /** Time to connect, milliseconds. */
  timeoutMs?: number;
  /** Resolves names; asks name servers if not given. */
  lookup?: ReturnType<typeof resolverLookup>;
}

const NO_ADDRESS = 'its name has no public address';

export function createDatabaseSources(options: DatabaseSourcesOptions = {}): DatabaseSources {
  const {
    trusted = [],
    timeoutMs = limits.importConnectSeconds.value * 1000,
    lookup = resolverLookup(),
  } = options;
  const isTrusted = ({ host, port }: DatabaseUrl): boolean => trusted.includes(`${host}:${port}`);

  /** The lookup fails as a whole when one of the addresses is not public, as for other addresses that users name. */
  async function publicAddress(host: string): Promise<string> {
    const found = isIP(host) ? [host] : await addressesOf(host);
    const [first] = found;
    if (first !== undefined && found.every(isPublicAddress)) return first;
    throw new ForbiddenAddress(`${host} has an address that is not public`);
  }
  const addressesOf = (host: string): Promise<string[]> =>
    new Promise((resolve, reject) => {
      lookup(host, { all: true }, (error, addresses) =>
        error ? reject(error) : resolve(addresses.map(({ address }) => address)),
      );
    });

  async function targetOf(url: DatabaseUrl, authority: string | undefined): Promise<PostgresTarget> {
    const { host, port, user, password, database, sslmode } = url;
    const verify = verifyOf(sslmode, authority);
    return {
      ...{ host, port, user, password, database, connectTimeoutMs: timeoutMs },
      ...(!isTrusted(url) && { address: await publicAddress(host) }),
      ...(sslmode !== 'disable' && {
        tls: { ...(authority !== undefined && { ca: authority }), ...(verify && { verify }) },
      }),
      answers: { maxBytes: limits.importAnswer.value, withinMs: limits.importAnswerSeconds.value * 1000 },
    };
  }

  return {
    refusal(text) {
      const url = readDatabaseUrl(text);
      if (typeof url === 'string') return url;
      if (isTrusted(url) || !isIP(url.host) || isPublicAddress(url.host)) return undefined;
      return 'have a public address';
    },
    async *read({ url: text, authority }: DatabaseSource, signal) {
      const url = readDatabaseUrl(text);
      if (typeof url === 'string') throw failed(`The URL must ${url}.`);
      try {
        yield* readCopy(await targetOf(url, authority), signal, ELSEWHERE);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof CopyFailed) throw error;
        throw failed(`The database ${databaseUrlWords(url)} can not be read: ${whyOf(error)}.`, error);
      }
    },
  };
}

/** As libpq does: with an authority that is given, `require` verifies that one. */
function verifyOf(
  sslmode: DatabaseUrl['sslmode'],
  authority: string | undefined,
): 'nothing' | 'authority' | undefined {
  if (sslmode === 'verify-full') return undefined;
  return sslmode === 'verify-ca' || authority !== undefined ? 'authority' : 'nothing';
}

const failed = (detail: string, cause?: unknown): Problem =>
  new Problem('import_failed', detail, {
    hint: 'Nothing was changed. See that the URL is right, and that its server can be reached from here; then import again.',
    cause,
  });

const STATES: Readonly<Record<string, string>> = {
  '28P01': 'the server refuses the user or the password',
  '28000': 'the server lets nobody in from here by this user, database and sslmode',
  '3D000': 'there is no such database',
  '42501': 'the user may not read all of it',
  '53300': 'the server has no free connection',
  '57P03': 'the server is starting or stopping',
  '08P01': 'it does not speak as a server does: name the server itself, and no pooler before it',
};

/** Texts of the server are not told: it may be any program, and what it says any text. */
function whyOf(thrown: unknown): string {
  const error = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  if (!(error instanceof Error)) return 'the connection failed';
  if (error instanceof ForbiddenAddress) return NO_ADDRESS;
  const state = sqlState(error) ?? '';
  if (STATES[state]) return STATES[state];
  const { syscall = '' } = error as NodeJS.ErrnoException;
  if (/^query|^getaddrinfo/.test(syscall)) return NO_ADDRESS;
  if (/CERT|TLS|SSL|SIGNED|ALTNAME/.test(state)) return 'its certificate is not valid';
  if (/does not support SSL/.test(error.message))
    return 'the server offers no TLS: add sslmode=disable to the URL where the way to it is safe';
  if (/^(An answer of the server|The server gave no answer)/.test(error.message))
    return lowered(error.message);
  if (/timeout/i.test(error.message)) return 'the server did not answer in time';
  if (/^[0-9][0-9A-Z]{4}$/.test(state)) return `the server refuses what it is asked (SQLSTATE ${state})`;
  return 'the connection failed';
}

const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
