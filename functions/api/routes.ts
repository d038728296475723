/** The route table of the API. */
import { auditRoutes } from './audit.ts';
import { buildRoutes } from './builds.ts';
import { deploymentRoutes } from './deployments.ts';
import { descriptionRoutes } from './description.ts';
import { environmentRoutes } from './environments.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { instanceRoutes } from './instances.ts';
import { inventoryRoutes } from './inventory.ts';
import { logRoutes } from './logs.ts';
import { meRoutes } from './me.ts';
import { memberRoutes } from './members.ts';
import { metricRoutes } from './metrics.ts';
import { operationListRoutes } from './operation-lists.ts';
import { operationRoutes } from './operations.ts';
import { overviewRoutes } from './overview.ts';
import { planRoutes } from './plan.ts';
import { policyRoutes } from './policies.ts';
import { projectRoutes } from './projects.ts';
import { resourceRoutes } from './resources.ts';
import type { Route } from './route.ts';
import { secretVersionRoutes } from './secret-versions.ts';
import { secretRoutes } from './secrets.ts';
import { serviceRoutes } from './services.ts';
import { sessionRoutes } from './sessions.ts';
import { signInRoutes } from './sign-in.ts';
import { tokenExchangeRoutes } from './token-exchange.ts';
import { tokenRoutes } from './tokens.ts';
import { trustRoutes } from './trusts.ts';
import { versionRoutes } from './versions.ts';
import { webhookRoutes } from './webhooks.ts';

let document: Promise<Record<string, unknown>> | undefined;

/** The OpenAPI document: made when first asked for, and kept. */
export function describeApi(): Promise<Record<string, unknown>> {
  document ??= import('./openapi.ts').then(({ openApiDocument }) => openApiDocument(routes));
  return document;
}

export const routes: readonly Route[] = [
  ...healthRoutes,
  ...descriptionRoutes,
  ...meRoutes,
  ...signInRoutes,
  ...sessionRoutes,
  ...projectRoutes,
  ...memberRoutes,
  ...overviewRoutes,
  ...tokenRoutes,
  ...trustRoutes,
  ...tokenExchangeRoutes,
  ...webhookRoutes,
  ...eventRoutes,
  ...auditRoutes,
  ...serviceRoutes,
  ...buildRoutes,
  ...versionRoutes,
  ...environmentRoutes,
  ...resourceRoutes,
  ...inventoryRoutes,
  ...secretRoutes,
  ...secretVersionRoutes,
  ...instanceRoutes,
  ...deploymentRoutes,
  ...policyRoutes,
  ...planRoutes,
  ...logRoutes,
  ...metricRoutes,
  ...operationRoutes,
  ...operationListRoutes,
];
