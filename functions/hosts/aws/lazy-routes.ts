/** The routes of the API, a file at its first request: of all of them a function that starts needs one. */
import { readFileSync } from 'node:fs';
import type { LazyRoute } from '../../api/http/app.ts';
import type { Route } from '../../api/http/route-spec.ts';

/** In the order of functions/api/routes.ts. */
export const routeFiles: Readonly<Record<string, () => Promise<readonly Route[]>>> = {
  health: async () => (await import('../../api/platform/health.ts')).healthRoutes,
  description: async () => (await import('../../api/platform/description.ts')).descriptionRoutes,
  me: async () => (await import('../../api/access/me.ts')).meRoutes,
  'sign-in': async () => (await import('../../api/identity/sign-in.ts')).signInRoutes,
  sessions: async () => (await import('../../api/access/sessions.ts')).sessionRoutes,
  projects: async () => (await import('../../api/projects/projects.ts')).projectRoutes,
  members: async () => (await import('../../api/access/members.ts')).memberRoutes,
  overview: async () => (await import('../../api/projects/overview.ts')).overviewRoutes,
  tokens: async () => (await import('../../api/access/tokens.ts')).tokenRoutes,
  trusts: async () => (await import('../../api/access/trusts.ts')).trustRoutes,
  'token-exchange': async () => (await import('../../api/access/token-exchange.ts')).tokenExchangeRoutes,
  webhooks: async () => (await import('../../api/webhooks/webhooks.ts')).webhookRoutes,
  events: async () => (await import('../../api/events/events.ts')).eventRoutes,
  audit: async () => (await import('../../api/events/audit.ts')).auditRoutes,
  services: async () => (await import('../../api/services/services.ts')).serviceRoutes,
  builds: async () => (await import('../../api/versions/builds.ts')).buildRoutes,
  versions: async () => (await import('../../api/versions/versions.ts')).versionRoutes,
  environments: async () => (await import('../../api/environments/environments.ts')).environmentRoutes,
  resources: async () => (await import('../../api/resources/resources.ts')).resourceRoutes,
  inventory: async () => (await import('../../api/environments/inventory.ts')).inventoryRoutes,
  secrets: async () => (await import('../../api/secrets/secrets.ts')).secretRoutes,
  'secret-versions': async () => (await import('../../api/secrets/secret-versions.ts')).secretVersionRoutes,
  instances: async () => (await import('../../api/environments/instances.ts')).instanceRoutes,
  deployments: async () => (await import('../../api/deployments/deployments.ts')).deploymentRoutes,
  policies: async () => (await import('../../api/guardrails/policies.ts')).policyRoutes,
  plan: async () => (await import('../../api/deployments/plan.ts')).planRoutes,
  logs: async () => (await import('../../api/logs/logs.ts')).logRoutes,
  metrics: async () => (await import('../../api/environments/metrics.ts')).metricRoutes,
  operations: async () => (await import('../../api/operations/operations.ts')).operationRoutes,
  'operation-lists': async () =>
    (await import('../../api/operations/operation-lists.ts')).operationListRoutes,
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
