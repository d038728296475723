/** The API with the adapters for AWS. */
import { type App, createApp } from '../api/app.ts';
import { bearerTokens, rememberPeople } from '../api/authenticate.ts';
import { berthTokens } from '../api/berth-tokens.ts';
import { oidcTokens } from '../api/oidc.ts';
import { readAwsConfig } from './config.ts';
import { logFault } from './faults.ts';
import { createAwsPorts } from './ports.ts';

/** @returns the app, and what to await before a function is frozen */
export function createAwsApp(environment: Record<string, string | undefined>): {
  app: App;
  flush(): Promise<void>;
} {
  const config = readAwsConfig(environment);
  const { ports, flush } = createAwsPorts(config);
  const app = createApp({
    ports,
    authenticate: rememberPeople(ports, bearerTokens(berthTokens(ports), oidcTokens(config.identity))),
    onError: (error, requestId) => logFault(`request ${requestId}`, error),
  });
  return { app, flush };
}
