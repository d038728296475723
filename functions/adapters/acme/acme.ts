/** Orders certificates by ACME (RFC 8555), and proves domains by HTTP-01. */
import { Agent } from 'node:https';
import acme from 'acme-client';
import { CERTIFICATE_ACCOUNT_PATH } from '../../core/keys.ts';
import { Problem, TransientError } from '../../core/problem.ts';
import type { Certificates } from '../../ports/certificates.ts';
import type { Secrets } from '../../ports/secrets.ts';

export interface AcmeOptions {
  /** Address of the authority's directory. */
  directory: string;
  /** Where the authority writes to about certificates. */
  email?: string;
  /** PEM: who has issued the certificate of the directory itself, where that is nobody public. */
  authority?: string;
  /** Keeps the key of the account. */
  secrets: Pick<Secrets, 'get' | 'put'>;
}

/** Time of one request, milliseconds. */
const REQUEST_MS = 10_000;

const settingsOf = (of: object): object =>
  'acmeSettings' in of && typeof of.acmeSettings === 'object' ? { ...of.acmeSettings } : {};

/** Whether the client has been told which account it has. */
function isKnown(client: acme.Client): boolean {
  try {
    return client.getAccountUrl() !== '';
  } catch {
    return false;
  }
}

const away = (cause?: unknown): TransientError =>
  new TransientError('The certificate authority did not answer.', { cause });

type Order = Awaited<ReturnType<acme.Client['getOrder']>>;

const { defaults, interceptors } = acme.axios;
defaults.timeout = REQUEST_MS;
defaults.maxRedirects = 0;
// Who calls tries again, and later than a client in the middle of a request would.
Object.assign(defaults, { acmeSettings: { ...settingsOf(defaults), retryMaxAttempts: 0 } });
// What the authority answers is read by the client, whatever its status: a rejection is that it did not answer.
interceptors.response.use(
  (response) => {
    if (response.status >= 500) throw away();
    return response;
  },
  (error: unknown) => {
    throw away(error);
  },
);

/** Nothing is asked of the authority before the first order. */
export function createAcme({ directory, email, authority, secrets }: AcmeOptions): Certificates {
  if (authority !== undefined) defaults.httpsAgent = new Agent({ ca: authority });
  let account: Promise<acme.Client> | undefined;

  async function signUp(): Promise<acme.Client> {
    const client = new acme.Client({ directoryUrl: directory, accountKey: await accountKey() });
    const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
    try {
      await client.createAccount({ termsOfServiceAgreed: true, ...contact });
    } catch (error) {
      // An account that is there already is found by its key, and then changed: to nothing else, some authorities refuse.
      if (!isKnown(client)) throw error;
    }
    return client;
  }

  /** Of two processes that make it at once, one key is kept. */
  async function accountKey(): Promise<string> {
    const kept = await secrets.get(CERTIFICATE_ACCOUNT_PATH);
    if (kept !== undefined) return kept;
    const key = String(await acme.crypto.createPrivateEcdsaKey());
    await secrets.put(CERTIFICATE_ACCOUNT_PATH, key, { versionId: 'first' });
    return (await secrets.get(CERTIFICATE_ACCOUNT_PATH)) ?? key;
  }

  function client(): Promise<acme.Client> {
    account ??= signUp().catch((error: unknown) => {
      account = undefined;
      throw error;
    });
    return account;
  }

  const asked = async <T>(work: (as: acme.Client) => Promise<T>): Promise<T> => {
    try {
      return await work(await client());
    } catch (error) {
      throw faultOf(error);
    }
  };

  return {
    newKey: async () => String(await acme.crypto.createPrivateEcdsaKey()),

    order: (domain) =>
      asked(async (as) => {
        const order = await as.createOrder({ identifiers: [{ type: 'dns', value: domain }] });
        const challenges = (await as.getAuthorizations(order)).flatMap((authorization) =>
          authorization.status === 'valid' ? [] : [challengeOf(authorization)],
        );
        return {
          url: order.url,
          challenges: await Promise.all(
            challenges.map(async (challenge) => ({
              token: challenge.token,
              answer: await as.getChallengeKeyAuthorization(challenge),
            })),
          ),
        };
      }),

    finish: ({ domain, url, key }) =>
      asked(async (as) => {
        const order = await as.getOrder({ url } as Order);
        switch (order.status) {
          case 'pending':
            for (const authorization of await as.getAuthorizations(order)) {
              if (authorization.status !== 'pending') continue;
              const challenge = challengeOf(authorization);
              if (challenge.status === 'pending') await as.completeChallenge(challenge);
            }
            return undefined;
          case 'ready': {
            const [, request] = await acme.crypto.createCsr({ altNames: [domain] }, key);
            await as.finalizeOrder(order, request);
            return undefined;
          }
          case 'valid':
            return as.getCertificate(order);
          case 'invalid':
            throw refused(await whyInvalid(as, order));
          default:
            return undefined;
        }
      }),
  };
}

type Authorization = Awaited<ReturnType<acme.Client['getAuthorizations']>>[number];

/** @throws Problem certificate_refused where the authority takes no proof by HTTP */
function challengeOf({ challenges }: Authorization) {
  const found = challenges.find(({ type }) => type === 'http-01');
  if (found) return found;
  throw refused('The authority takes no proof by HTTP (HTTP-01) for it.');
}

/** What the authority says of the challenge that failed. */
async function whyInvalid(as: acme.Client, order: Order): Promise<string> {
  const said = (await as.getAuthorizations(order)).flatMap(({ challenges }) =>
    challenges.flatMap((challenge) => ('error' in challenge ? [detailOf(challenge.error)] : [])),
  );
  return `The authority did not accept it: ${said[0] ?? 'it gave no reason'}`;
}

const detailOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'detail' in error ? String(error.detail) : String(error);

const refused = (why: string, cause?: unknown): Problem =>
  new Problem('certificate_refused', /[.!?]$/.test(why) ? why : `${why}.`, {
    hint: 'Make sure that the domain leads to this Berth at port 80.',
    cause,
  });

/** What the authority answers is a refusal. */
function faultOf(error: unknown): Error {
  if (error instanceof Problem || error instanceof TransientError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return refused(`The authority refused it: ${text}`, error);
}
