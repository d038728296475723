/** Says that the connection is lost, and goes when it is back. */
import Alert from '@cloudscape-design/components/alert';
import { useConnection } from '../../api/connection.ts';

export function ConnectionBanner() {
  const { state, since } = useConnection();
  return (
    <div role="status" className="banner">
      {state === 'lost' && (
        <Alert type="warning" header="The connection to Berth is lost.">
          What you see is from {since?.toLocaleTimeString()}; it is tried again by itself.
        </Alert>
      )}
    </div>
  );
}

/** Whether what is on show is kept up to date, in a word. */
export function LiveMark() {
  const { state } = useConnection();
  if (state === 'unknown') return null;
  return (
    <span className={state === 'live' ? 'live' : 'live lost'}>
      <span>{state === 'live' ? 'Live' : 'Offline'}</span>
    </span>
  );
}
