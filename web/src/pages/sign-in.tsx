/** Leads to the identity provider, and back to where one was. */
import Alert from '@cloudscape-design/components/alert';
import Button, { type ButtonProps } from '@cloudscape-design/components/button';
import ExpandableSection from '@cloudscape-design/components/expandable-section';
import { useEffect, useRef, useState } from 'react';
import { Title } from '../app/title.tsx';
import { useSession } from '../session.ts';
import { TokenForm } from './sign-in/token-form.tsx';

/** Whether there is an identity provider; asking also starts the one of a single machine. */
async function hasProvider(signal: AbortSignal): Promise<boolean> {
  const response = await fetch('/v1/sign-in/configuration', { signal });
  return response.status !== 404;
}

export default function SignIn() {
  const { signIn, reason } = useSession();
  const [provider, setProvider] = useState(true);
  const [expanded, setExpanded] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const button = useRef<ButtonProps.Ref>(null);
  useEffect(() => {
    button.current?.focus();
    const stop = new AbortController();
    hasProvider(stop.signal).then(setProvider, () => undefined);
    // A page that comes back as it was left is not leaving any more.
    const shown = () => setLeaving(false);
    addEventListener('pageshow', shown);
    return () => {
      stop.abort();
      removeEventListener('pageshow', shown);
    };
  }, []);
  const showsToken = expanded || !provider;
  return (
    <div className="narrow-page sign-in">
      <div>
        <Title text="Sign in">Sign in to Berth</Title>
        <p className="soft">What your team runs, where it runs, and how it does.</p>
      </div>
      {reason !== undefined && <Alert type="info">{reason}</Alert>}
      {provider ? (
        <Button
          ref={button}
          variant="primary"
          loading={leaving}
          loadingText="Going to the identity provider"
          onClick={() => {
            setLeaving(true);
            signIn();
          }}
        >
          Sign in
        </Button>
      ) : (
        <Alert type="info">This installation names no identity provider, so one signs in with a token.</Alert>
      )}
      <ExpandableSection
        headerText="Other ways to sign in"
        expanded={showsToken}
        onChange={({ detail }) => setExpanded(detail.expanded)}
      >
        {showsToken && <TokenForm />}
      </ExpandableSection>
    </div>
  );
}
