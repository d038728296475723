/** The whole page: who is signed in decides what there is. */
import I18nProvider from '@cloudscape-design/components/i18n';
import messages from '@cloudscape-design/components/i18n/messages/all.en';
import { Suspense, useEffect, useLayoutEffect } from 'react';
import { useLocation } from 'wouter';
import { forgetAll } from '../api/query.ts';
import { Loading } from '../components/page/loading.tsx';
import { useSession } from '../session.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { firstPage, lazyPage } from './lazy-page.ts';
import { forgetNotices, leaveNotices, Notifications } from './notifications.tsx';
import { Pages } from './pages.tsx';
import { Shell } from './shell.tsx';

const SignIn = firstPage(() => import('../pages/sign-in.tsx'));
const Reference = lazyPage(() => import('../pages/reference.tsx'));

export function App() {
  const { status } = useSession();
  const [location] = useLocation();
  useEffect(() => {
    if (status !== 'signed-out') return;
    forgetAll();
    forgetNotices();
  }, [status]);
  // Before anything of the other page is seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each page.
  useLayoutEffect(leaveNotices, [location]);
  const isReference = location === '/docs';
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <Shell isSignedIn={status === 'signed-in'}>
        <Notifications />
        <ErrorBoundary address={location}>
          {/* Signing in leaves nothing behind of the form. */}
          <Suspense key={status} fallback={<Loading />}>
            {isReference ? (
              <Reference />
            ) : status === 'signed-in' ? (
              <Pages />
            ) : status === 'signed-out' ? (
              <SignIn />
            ) : (
              <Loading />
            )}
          </Suspense>
        </ErrorBoundary>
      </Shell>
    </I18nProvider>
  );
}
