/** What failed: the cause, what it printed last, and what to do next. */
import Alert from '@cloudscape-design/components/alert';
import type { ReactNode } from 'react';
import type { Error as Failure } from '../../../../client/types.generated.ts';
import { plain } from '../plain.ts';

interface ProblemAlertProps {
  header: string;
  error: Failure;
  action?: ReactNode;
}

export function ProblemAlert({ header, error, action }: ProblemAlertProps) {
  // Below its first line, a cause may have what was printed.
  const [cause = '', ...output] = plain(error.cause).split('\n');
  return (
    <Alert type="error" header={header} action={action}>
      <p>{cause}</p>
      {output.length > 0 && (
        <pre className="output" tabIndex={0} role="group" aria-label="Its last output">
          {output.join('\n')}
        </pre>
      )}
      <p>
        <strong>Next:</strong> {plain(error.hint)}
      </p>
    </Alert>
  );
}
