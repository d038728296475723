/** What is around every page: brand, project, places to go, theme and who is signed in. */
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useLiveProject } from '../api/events.ts';
import { useMay } from '../components/access/guarded.tsx';
import { ConnectionBanner, LiveMark } from '../components/page/connection-banner.tsx';
import { plain } from '../components/plain.ts';
import { useSession } from '../session.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { lazyPage } from './lazy-page.ts';
import { leave } from './leave.ts';
import { useMedia } from './media.ts';
import { followLink } from './navigation.ts';
import { newProjectPath, projectPath, tokensPath } from './paths.ts';
import { useCurrentProject, useProjects } from './projects.ts';
import { Side } from './side.tsx';
import { setTheme, type Theme, useTheme } from './theme.ts';
import { useTitleFocus } from './title.tsx';

const Palette = lazyPage(() => import('./palette.tsx'));

export function Shell({ isSignedIn, children }: { isSignedIn: boolean; children: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  useTitleFocus(main, isSignedIn);
  const project = useCurrentProject();
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: the address names the page, and so has to stay as it is. */}
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <header className="bar">
        <Link href="/" className="brand">
          <BerthMark />
          <span>Berth</span>
        </Link>
        {isSignedIn && <ProjectBar />}
        <span className="bar-end">
          {isSignedIn && <LiveMark />}
          {isSignedIn && <CommandButton />}
          {isSignedIn ? <UserMenu /> : <ThemeMenu />}
        </span>
      </header>
      <ConnectionBanner />
      <div className="frame">
        {isSignedIn && project !== undefined && <Side project={project} />}
        <main ref={main} id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
    </>
  );
}

const BerthMark = () => (
  <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true" className="mark">
    <path
      d="M16 6v19M10 12h12M6 18c0 5 4.5 8 10 8s10-3 10-8"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.6"
      strokeLinecap="round"
    />
    <circle cx="16" cy="6" r="2.6" fill="currentColor" />
  </svg>
);

/** Projects to choose from, and a new one. */
function ProjectBar() {
  const project = useCurrentProject();
  const [location] = useLocation();
  const { data: projects = [] } = useProjects();
  const may = useMay();
  useLiveProject(project);
  return (
    <>
      {projects.length > 0 && (
        <ButtonDropdown
          variant="normal"
          {...(project !== undefined && { ariaLabel: `Project ${project}` })}
          items={[
            ...projects.map(({ name, displayName }) => ({
              id: name,
              text: displayName === undefined ? name : plain(displayName),
              ...(displayName !== undefined && { secondaryText: name }),
              href: projectPath(name),
            })),
            { id: '/', text: 'All projects', href: '/' },
            { id: newProjectPath, text: 'New project', href: newProjectPath, ...may('project.create') },
          ]}
          onItemFollow={followLink}
        >
          {project ?? 'Projects'}
        </ButtonDropdown>
      )}
      <nav aria-label="Berth">
        <Link href="/docs" aria-current={location === '/docs' ? 'page' : undefined}>
          API
        </Link>
      </nav>
    </>
  );
}

/** Opens the palette, as does Ctrl+K. */
function CommandButton() {
  const project = useCurrentProject();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOpen(true);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <>
      <button
        type="button"
        className="search-button"
        aria-keyshortcuts="Control+K"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <span>Go to …</span> <kbd>Ctrl K</kbd>
      </button>
      {isOpen && (
        <ErrorBoundary address="" isQuiet>
          <Suspense>
            <Palette project={project} onClose={() => setOpen(false)} />
          </Suspense>
        </ErrorBoundary>
      )}
    </>
  );
}

const themes: Record<Theme, string> = { system: 'As the system', light: 'Light', dark: 'Dark' };

const themeItems = (theme: Theme) =>
  Object.entries(themes).map(([id, text]) => ({
    id,
    text,
    itemType: 'checkbox' as const,
    checked: id === theme,
  }));

const isTheme = (id: string): id is Theme => Object.hasOwn(themes, id);

/** For who is not signed in. */
function ThemeMenu() {
  const theme = useTheme();
  return (
    <ButtonDropdown
      variant="icon"
      ariaLabel="Theme"
      items={themeItems(theme)}
      onItemClick={({ detail: { id } }) => isTheme(id) && setTheme(id)}
    />
  );
}

/** Who is signed in and until when, the theme, and the ways out. */
function UserMenu() {
  const theme = useTheme();
  const isNarrow = useMedia('(max-width: 640px)');
  const { principal } = useSession();
  const name = plain(principal?.name ?? principal?.id ?? '');
  const session = principal?.session;
  const until = session && new Date(session.expiresAt).toLocaleTimeString([], { timeStyle: 'short' });
  return (
    <ButtonDropdown
      variant={isNarrow ? 'icon' : 'normal'}
      ariaLabel={`${name}: theme and sign-out`}
      items={[
        { text: 'Theme', items: themeItems(theme) },
        { id: tokensPath, text: 'Your tokens', href: tokensPath },
        { id: '/docs', text: 'API reference', href: '/docs' },
        {
          id: 'sign-out',
          text: 'Sign out',
          ...(until !== undefined && { secondaryText: `Signed in until ${until}` }),
        },
        ...(session
          ? [
              {
                id: 'everywhere',
                text: 'Sign out everywhere',
                secondaryText: 'Ends all your sessions and personal tokens',
              },
            ]
          : []),
      ]}
      onItemClick={({ detail: { id } }) => {
        if (isTheme(id)) setTheme(id);
        else if (id === 'sign-out' || id === 'everywhere') leave(id === 'everywhere');
      }}
      onItemFollow={followLink}
    >
      {isNarrow ? undefined : name}
    </ButtonDropdown>
  );
}
