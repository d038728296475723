/** How this installation knows people: one issuer, for browsers, terminals and programs. */

import { principalId } from '../../core/authorization/principal.ts';
import type { Principal } from '../../core/model/index.ts';
import type { BearerCheck } from '../admission/authenticate.ts';
import { type ClaimRules, type Person, personOf } from './claims.ts';
import type { Issuer } from './issuer.ts';
import { createRelyingParty, orUnavailable, type RelyingParty } from './relying-party.ts';

export interface IdentityOptions {
  issuer: Issuer;
  /** The OAuth client of the console. */
  clientId: string;
  clientSecret?: () => Promise<string>;
  /** The OAuth client of terminals, for the device flow; the console's by default. */
  terminalClientId?: string;
  /** Accepted audiences of bearer tokens; the two clients by default. */
  audience?: readonly string[];
  /** Where people reach Berth, as browsers write it: `https://berth.example.com`. Never taken from a request. */
  origin: string;
  rules?: ClaimRules;
}

export interface Identity {
  readonly issuer: Issuer;
  readonly relyingParty: RelyingParty;
  readonly clientId: string;
  readonly terminalClientId: string;
  readonly origin: string;
  readonly rules: ClaimRules;
  /** Whether cookies are sent over TLS alone. */
  readonly secure: boolean;
  readonly sessionCookie: string;
  /** Knows people by bearer tokens of the issuer. */
  readonly authenticate: BearerCheck;
}

export const CALLBACK_PATH = '/v1/sign-in/callback';

/** Undefined for a subject that is too long to be anybody's id. */
export function principalOf({ subject, name, email, groups, administrator }: Person): Principal | undefined {
  const id = principalId('user', subject);
  if (id === undefined) return undefined;
  return {
    id,
    kind: 'user',
    ...(name !== undefined && { name }),
    ...(email !== undefined && { email }),
    groups,
    administrator,
  };
}

export function createIdentity(options: IdentityOptions): Identity {
  const { issuer, clientId, rules = {} } = options;
  const origin = new URL(options.origin);
  const secure = origin.protocol === 'https:';
  const terminalClientId = options.terminalClientId ?? clientId;
  return {
    issuer,
    clientId,
    terminalClientId,
    rules,
    secure,
    origin: origin.origin,
    // Cookies are shared between the ports of a host: two Berths on one machine would sign each other out.
    sessionCookie: secure ? '__Host-berth-session' : `berth-session-${origin.port || '80'}`,
    relyingParty: createRelyingParty({
      issuer,
      clientId,
      ...(options.clientSecret && { clientSecret: options.clientSecret }),
      redirectUri: origin.origin + CALLBACK_PATH,
      postLogoutRedirectUri: `${origin.origin}/`,
    }),
    authenticate: issuerTokens(issuer, options.audience ?? [clientId, terminalClientId], rules),
  };
}

/** Knows people by the tokens of an issuer. @throws Problem unavailable when the issuer does not answer */
export function issuerTokens(issuer: Issuer, audience: readonly string[], rules: ClaimRules): BearerCheck {
  return (token) =>
    orUnavailable(async () => {
      const claims = await issuer.verify(token, { audience });
      // A token with a nonce was made for a browser's sign-in. It appears in URLs (`id_token_hint`), so it gives no access.
      if (claims?.nonce !== undefined) return undefined;
      const person = claims && personOf(claims, rules);
      return person && principalOf(person);
    });
}
