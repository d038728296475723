/** Signs in with a token, for this page alone. */
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input, { type InputProps } from '@cloudscape-design/components/input';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ApiError, inWords } from '../../../../client/problem.ts';
import { Command } from '../../components/command.tsx';
import { useSession } from '../../session.ts';

const TOKEN = /^[A-Za-z0-9._~+/=-]+$/;

function refusal(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Berth can not be reached. Check that it runs, then try again.';
  if (error.status === 401) return 'This token is not valid. Copy the whole line of the file.';
  return inWords(error).what;
}

export function TokenForm() {
  const { signInWith } = useSession();
  const [token, setToken] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<InputProps.Ref>(null);
  useEffect(() => input.current?.focus(), []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    const value = token.trim();
    const refuse = (text: string) => {
      setError(text);
      input.current?.select();
      input.current?.focus();
    };
    if (value === '') return refuse('Enter the token.');
    if (!TOKEN.test(value)) {
      return refuse('This is not a token: it has letters, digits and . _ ~ + / = - only.');
    }
    setBusy(true);
    try {
      await signInWith(value);
      setToken('');
    } catch (caught) {
      setBusy(false);
      refuse(refusal(caught));
    }
  };

  return (
    <>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <FormField
          label="Token"
          errorText={error}
          description="It is kept by this page alone, until it is closed or loaded again."
        >
          <Input
            ref={input}
            type="password"
            value={token}
            onChange={({ detail }) => setToken(detail.value)}
            autoComplete={false}
            disableBrowserAutocorrect
            invalid={error !== ''}
          />
        </FormField>
        <Button formAction="submit" loading={busy} loadingText="Signing in">
          Go on with this token
        </Button>
      </form>
      <p className="soft">On this machine the administrator’s lies in the data directory of Berth:</p>
      <Command text="cat .berth/admin-token" />
    </>
  );
}
