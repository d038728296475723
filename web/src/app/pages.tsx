/** Which page an address shows; each is loaded when it is first opened. */
import { type ComponentType, useEffect } from 'react';
import { Route, Switch } from 'wouter';
import Missing from '../pages/missing.tsx';
import { firstPage, lazyPage, loadTheRest } from './lazy-page.ts';
import { isName, isOperationId, isTraceId } from './paths.ts';

/** The names in a path, as the page gets them: `/projects/:project/services/:tab?` has `project` and maybe `tab`. */
type PathProps<Path extends string> = Path extends `${string}/:${infer Part}/${infer Rest}`
  ? Named<Part> & PathProps<`/${Rest}`>
  : Path extends `${string}/:${infer Part}`
    ? Named<Part>
    : unknown;

type Named<Part extends string> = Part extends `${infer Name}?`
  ? { [Key in Name]?: string }
  : { [Key in Part]: string };

interface Page {
  path: string;
  Show: ComponentType<Record<string, string>>;
}

/** A page at a path: its component takes the names in the path, and no more than those. */
const page = <const Path extends string>(
  path: Path,
  load: () => Promise<{ default: ComponentType<PathProps<Path> & object> }>,
  part: typeof lazyPage = lazyPage,
): Page => ({
  path,
  // The names come from the same path.
  Show: part(load) as unknown as Page['Show'],
});

const pages: readonly Page[] = [
  page('/', () => import('../pages/projects.tsx'), firstPage),
  page('/projects/:project', () => import('../pages/overview.tsx'), firstPage),
  page('/projects/:project/environments/:environment', () => import('../pages/environment.tsx')),
  page(
    '/projects/:project/environments/:environment/logs',
    () => import('../pages/environment/environment-logs.tsx'),
  ),
  page('/projects/:project/environments/:environment/map', () => import('../pages/map/map.tsx')),
  page('/projects/:project/environments/:environment/traces', () => import('../pages/traces/traces.tsx')),
  page(
    '/projects/:project/environments/:environment/traces/:trace',
    () => import('../pages/traces/trace.tsx'),
  ),
  page(
    '/projects/:project/environments/:environment/backups',
    () => import('../pages/environment/backups.tsx'),
  ),
  page(
    '/projects/:project/environments/:environment/services/:service/:tab?',
    () => import('../pages/service.tsx'),
  ),
  page('/projects/:project/pipeline', () => import('../pages/pipeline.tsx')),
  page('/projects/:project/deploy', () => import('../pages/deploy.tsx')),
  page('/projects/:project/builds', () => import('../pages/builds.tsx')),
  page('/projects/:project/activity', () => import('../pages/activity.tsx')),
  page('/projects/:project/operations/:operation', () => import('../pages/operation.tsx')),
  page('/projects/:project/alerts', () => import('../pages/alerts/alerts.tsx')),
  page('/projects/:project/costs', () => import('../pages/costs/costs.tsx')),
  page('/projects/:project/figures', () => import('../pages/figures/figures.tsx')),
  page('/projects/:project/approvals', () => import('../pages/approvals.tsx')),
  page('/projects/:project/settings', () => import('../pages/settings/general.tsx')),
  page('/projects/:project/settings/members', () => import('../pages/settings/members.tsx')),
  page('/projects/:project/settings/tokens', () => import('../pages/settings/tokens.tsx')),
  page('/projects/:project/settings/pipelines', () => import('../pages/settings/pipelines.tsx')),
  page('/projects/:project/settings/policies', () => import('../pages/settings/policies.tsx')),
  page('/projects/:project/settings/webhooks', () => import('../pages/settings/webhooks.tsx')),
  page('/projects/:project/settings/drains', () => import('../pages/settings/drains/drain-list.tsx')),
  page('/projects/:project/settings/build-secrets', () => import('../pages/settings/build-secrets.tsx')),
  page('/projects/:project/settings/masking', () => import('../pages/settings/masking/masking.tsx')),
  page('/projects/:project/settings/audit', () => import('../pages/settings/audit.tsx')),
  page('/new-project', () => import('../pages/overview/new-project.tsx')),
  page('/tokens', () => import('../pages/tokens.tsx')),
];

/** What a name in a path has to look like; a page never sees another. */
const forms: Readonly<Record<string, (text: string) => boolean>> = {
  project: isName,
  environment: isName,
  service: isName,
  operation: isOperationId,
  trace: isTraceId,
};

export function Pages() {
  useEffect(loadTheRest, []);
  return (
    <Switch>
      {pages.map(({ path, Show }) => (
        <Route key={path} path={path}>
          {(params: Record<string, string | undefined>) => {
            const given = Object.entries(params).filter((entry): entry is [string, string] => !!entry[1]);
            const isMeant = given.every(([name, text]) => forms[name]?.(text) ?? true);
            // Another operation is another page, with nothing left of the one before.
            return isMeant ? (
              <Show key={params.operation ?? path} {...Object.fromEntries(given)} />
            ) : (
              <Missing />
            );
          }}
        </Route>
      ))}
      <Route>
        <Missing />
      </Route>
    </Switch>
  );
}
