/** The routes of the API: each file of them once, in the order of the document. All else follows from this list. */
import type { Route } from './http/route-spec.ts';

/** Each file can be loaded by itself: a function of AWS loads a file at the first request for one of its routes. */
export const routeFiles: readonly (() => Promise<{ routes: readonly Route[] }>)[] = [
  () => import('./platform/health.ts'),
  () => import('./platform/description.ts'),
  () => import('./access/me.ts'),
  () => import('./identity/sign-in.ts'),
  () => import('./access/sessions.ts'),
  () => import('./projects/projects.ts'),
  () => import('./access/members.ts'),
  () => import('./projects/overview.ts'),
  () => import('./access/tokens.ts'),
  () => import('./access/trusts.ts'),
  () => import('./access/token-exchange.ts'),
  () => import('./webhooks/webhooks.ts'),
  () => import('./events/events.ts'),
  () => import('./events/audit.ts'),
  () => import('./services/services.ts'),
  () => import('./connections/connections.ts'),
  () => import('./connections/deliveries.ts'),
  () => import('./connections/hooks.ts'),
  () => import('./versions/builds.ts'),
  () => import('./versions/source-uploads.ts'),
  () => import('./versions/versions.ts'),
  () => import('./versions/detections.ts'),
  () => import('./environments/environments.ts'),
  () => import('./resources/resources.ts'),
  () => import('./environments/inventory.ts'),
  () => import('./secrets/secrets.ts'),
  () => import('./secrets/secret-versions.ts'),
  () => import('./secrets/build-secrets.ts'),
  () => import('./secrets/secret-sources.ts'),
  () => import('./variables/variables.ts'),
  () => import('./environments/instances.ts'),
  () => import('./environments/instance-operations.ts'),
  () => import('./runs/runs.ts'),
  () => import('./jobs/jobs.ts'),
  () => import('./shells/shells.ts'),
  () => import('./deployments/deployments.ts'),
  () => import('./guardrails/policies.ts'),
  () => import('./places/places.ts'),
  () => import('./deployments/plan.ts'),
  () => import('./deployments/rollouts.ts'),
  () => import('./logs/logs.ts'),
  () => import('./environments/metrics.ts'),
  () => import('./gamedays/gamedays.ts'),
  () => import('./operations/operations.ts'),
  () => import('./operations/operation-lists.ts'),
];

/** All routes, in order. */
export async function loadRoutes(): Promise<Route[]> {
  const files = await Promise.all(routeFiles.map((load) => load()));
  return files.flatMap(({ routes }) => routes);
}
