/** The routes of the API, a file at its first request: of all of them a function that starts needs one. */
import { readFileSync } from 'node:fs';
import type { LazyRoute } from '../api/app.ts';
import type { Route } from '../api/route.ts';

/** In the order of functions/api/routes.ts. */
export const routeFiles: Readonly<Record<string, () => Promise<readonly Route[]>>> = {
  health: async () => (await import('../api/health.ts')).healthRoutes,
  description: async () => (await import('../api/description.ts')).descriptionRoutes,
  me: async () => (await import('../api/me.ts')).meRoutes,
  'sign-in': async () => (await import('../api/sign-in.ts')).signInRoutes,
  sessions: async () => (await import('../api/sessions.ts')).sessionRoutes,
  projects: async () => (await import('../api/projects.ts')).projectRoutes,
  members: async () => (await import('../api/members.ts')).memberRoutes,
  overview: async () => (await import('../api/overview.ts')).overviewRoutes,
  tokens: async () => (await import('../api/tokens.ts')).tokenRoutes,
  trusts: async () => (await import('../api/trusts.ts')).trustRoutes,
  'token-exchange': async () => (await import('../api/token-exchange.ts')).tokenExchangeRoutes,
  webhooks: async () => (await import('../api/webhooks.ts')).webhookRoutes,
  events: async () => (await import('../api/events.ts')).eventRoutes,
  audit: async () => (await import('../api/audit.ts')).auditRoutes,
  services: async () => (await import('../api/services.ts')).serviceRoutes,
  builds: async () => (await import('../api/builds.ts')).buildRoutes,
  versions: async () => (await import('../api/versions.ts')).versionRoutes,
  environments: async () => (await import('../api/environments.ts')).environmentRoutes,
  resources: async () => (await import('../api/resources.ts')).resourceRoutes,
  inventory: async () => (await import('../api/inventory.ts')).inventoryRoutes,
  secrets: async () => (await import('../api/secrets.ts')).secretRoutes,
  'secret-versions': async () => (await import('../api/secret-versions.ts')).secretVersionRoutes,
  instances: async () => (await import('../api/instances.ts')).instanceRoutes,
  deployments: async () => (await import('../api/deployments.ts')).deploymentRoutes,
  policies: async () => (await import('../api/policies.ts')).policyRoutes,
  plan: async () => (await import('../api/plan.ts')).planRoutes,
  logs: async () => (await import('../api/logs.ts')).logRoutes,
  metrics: async () => (await import('../api/metrics.ts')).metricRoutes,
  operations: async () => (await import('../api/operations.ts')).operationRoutes,
  'operation-lists': async () => (await import('../api/operation-lists.ts')).operationListRoutes,
};

/** A route before its file is loaded. */
export interface RouteEntry extends Pick<Route, 'method' | 'path'> {
  file: string;
}

/** What scripts/routes.ts prints when a bundle is made, and what lies beside the program as `routes.json`. */
export async function listRoutes(): Promise<RouteEntry[]> {
  const entries = Object.entries(routeFiles).map(async ([file, load]) =>
    (await load()).map(({ method, path }) => ({ method, path, file })),
  );
  return (await Promise.all(entries)).flat();
}

/** As they were listed when the bundle was made. */
const bundled = (): RouteEntry[] =>
  JSON.parse(readFileSync(new URL('./routes.json', import.meta.url), 'utf8'));

export function lazyRoutes(entries: readonly RouteEntry[] = bundled()): LazyRoute[] {
  return entries.map(({ method, path, file }) => ({
    method,
    path,
    load: async () => {
      const found = (await routeFiles[file]?.())?.find(
        (route) => route.method === method && route.path === path,
      );
      if (!found) throw new Error(`${file} has no route ${method} ${path}`);
      return found;
    },
  }));
}
