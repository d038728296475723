/** The route table of the API. */

import { meRoutes } from './access/me.ts';
import { memberRoutes } from './access/members.ts';
import { sessionRoutes } from './access/sessions.ts';
import { tokenExchangeRoutes } from './access/token-exchange.ts';
import { tokenRoutes } from './access/tokens.ts';
import { trustRoutes } from './access/trusts.ts';
import { deploymentRoutes } from './deployments/deployments.ts';
import { planRoutes } from './deployments/plan.ts';
import { environmentRoutes } from './environments/environments.ts';
import { instanceRoutes } from './environments/instances.ts';
import { inventoryRoutes } from './environments/inventory.ts';
import { metricRoutes } from './environments/metrics.ts';
import { auditRoutes } from './events/audit.ts';
import { eventRoutes } from './events/events.ts';
import { policyRoutes } from './guardrails/policies.ts';
import type { Route } from './http/route-spec.ts';
import { signInRoutes } from './identity/sign-in.ts';
import { logRoutes } from './logs/logs.ts';
import { operationListRoutes } from './operations/operation-lists.ts';
import { operationRoutes } from './operations/operations.ts';
import { descriptionRoutes } from './platform/description.ts';
import { healthRoutes } from './platform/health.ts';
import { overviewRoutes } from './projects/overview.ts';
import { projectRoutes } from './projects/projects.ts';
import { resourceRoutes } from './resources/resources.ts';
import { secretVersionRoutes } from './secrets/secret-versions.ts';
import { secretRoutes } from './secrets/secrets.ts';
import { serviceRoutes } from './services/services.ts';
import { buildRoutes } from './versions/builds.ts';
import { versionRoutes } from './versions/versions.ts';
import { webhookRoutes } from './webhooks/webhooks.ts';

let document: Promise<Record<string, unknown>> | undefined;

/** The OpenAPI document: made when first asked for, and kept. */
export function describeApi(): Promise<Record<string, unknown>> {
  document ??= Promise.all([import('./http/openapi.ts'), import('./events/event-document.ts')]).then(
    ([{ openApiDocument }, { withEventTypes }]) => withEventTypes(openApiDocument(routes)),
  );
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
