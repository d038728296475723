/** The places of a project, beside the page; on a small screen in lines above it. */
import { Suspense, useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { ErrorBoundary } from './error-boundary.tsx';
import { lazyPage } from './lazy-page.ts';
import {
  activityPath,
  alertsPath,
  approvalsPath,
  buildsPath,
  costsPath,
  deployPath,
  figuresPath,
  pipelinePath,
  projectPath,
  settingsPages,
  settingsPath,
} from './paths.ts';

/** Ask what waits and what fires, which the page itself does not wait for. */
const Waiting = lazyPage(() => import('../pages/approvals/waiting.tsx'));
const FiringCount = lazyPage(() => import('../pages/alerts/firing-count.tsx'));

export function Side({ project }: { project: string }) {
  const [location] = useLocation();
  const nav = useRef<HTMLElement>(null);
  // Where they stand in a line, the one that is open may be outside of what is seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each page.
  useEffect(() => {
    for (const here of nav.current?.querySelectorAll('[aria-current]') ?? [])
      here.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [location]);
  const settings = settingsPath(project);
  const isInSettings = location.startsWith(settings);
  const item = (href: string, text: string, isHere = location === href) => (
    <Link href={href} aria-current={isHere ? 'page' : undefined}>
      {text}
    </Link>
  );
  return (
    <nav ref={nav} aria-label="Pages" className="side">
      <ul className="plain-list">
        <li>{item(projectPath(project), 'Overview')}</li>
        <li>{item(pipelinePath(project), 'Pipeline')}</li>
        <li>{item(deployPath(project), 'Deploy')}</li>
        <li>{item(buildsPath(project), 'Builds')}</li>
        <li>{item(activityPath(project), 'Activity')}</li>
        <li>
          {item(alertsPath(project), 'Alerts')}
          <ErrorBoundary address={project} isQuiet>
            <Suspense>
              <FiringCount project={project} />
            </Suspense>
          </ErrorBoundary>
        </li>
        <li>
          {item(approvalsPath(project), 'Approvals')}
          <ErrorBoundary address={project} isQuiet>
            <Suspense>
              <Waiting project={project} />
            </Suspense>
          </ErrorBoundary>
        </li>
        <li>{item(costsPath(project), 'Costs')}</li>
        <li>{item(figuresPath(project), 'Figures')}</li>
        <li>{item(settings, 'Settings', isInSettings)}</li>
      </ul>
      {isInSettings && (
        <ul className="plain-list side-below" aria-label="Settings">
          {settingsPages.map(({ id, label }) => (
            <li key={id}>{item(settingsPath(project, id), label)}</li>
          ))}
        </ul>
      )}
    </nav>
  );
}
