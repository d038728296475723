/** The API with the adapters for AWS. */

import { createOutgoing } from '../../adapters/outgoing/outgoing.ts';
import { createFederation } from '../../api/access/federation.ts';
import { bearerTokens, firstOf, rememberPeople } from '../../api/admission/authenticate.ts';
import { berthTokens } from '../../api/admission/berth-tokens.ts';
import { type App, createApp } from '../../api/http/app.ts';
import { createIdentity, type Identity, issuerTokens } from '../../api/identity/identity.ts';
import { createIssuer, type Issuer } from '../../api/identity/issuer.ts';
import { sessionCookies } from '../../api/identity/session-cookies.ts';
import { type AwsConfig, readAwsConfig } from './aws-config.ts';
import { createAwsPorts } from './aws-ports.ts';
import { clientAddress } from './client-address.ts';
import { logFault } from './fault-log.ts';
import { lazyRoutes } from './lazy-routes.ts';

/** @returns the app, and what to await before a function is frozen */
export function createAwsApp(environment: Record<string, string | undefined>): {
  app: App;
  flush(): Promise<void>;
} {
  const config = readAwsConfig(environment);
  const { ports, flush, readSecret } = createAwsPorts(config);
  const issuer = createIssuer({ issuer: config.identity.issuer });
  const tokens = bearerTokens(
    berthTokens(ports),
    issuerTokens(issuer, config.identity.audience, config.identity.rules),
  );
  const identity = browserIdentity(config, issuer, readSecret);
  const app = createApp({
    routes: lazyRoutes(),
    ports,
    authenticate: rememberPeople(ports, identity ? firstOf(tokens, sessionCookies(identity, ports)) : tokens),
    federation: createFederation({ fetch: createOutgoing() }),
    ...(identity && { identity }),
    clientAddress,
    onError: (error, requestId) => logFault(`request ${requestId}`, error),
  });
  return {
    app,
    async flush() {
      await app.flush();
      await flush();
    },
  };
}

/**
 * Signing in with a browser needs an address that the provider knows: an installation without one has tokens alone.
 */
function browserIdentity(
  { identity: { origin, client, audience, rules } }: AwsConfig,
  issuer: Issuer,
  readSecret: (id: string) => Promise<string>,
): Identity | undefined {
  if (origin === undefined || client === undefined) return undefined;
  const { id, terminal, secret } = client;
  return createIdentity({
    issuer,
    origin,
    clientId: id,
    ...(terminal !== undefined && { terminalClientId: terminal }),
    ...(secret !== undefined && { clientSecret: () => readSecret(secret) }),
    audience,
    rules,
  });
}
