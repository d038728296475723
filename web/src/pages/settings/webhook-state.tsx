/** How far a webhook is: what it has taken, what it did not take, and when that is sent again. */
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { Webhook } from '../../../../client/types.generated.ts';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';

export function WebhookState({ webhook }: { webhook: Webhook }) {
  const { enabled, disabledReason, delivered, failure, previousSecretUntil } = webhook;
  const type = !enabled ? 'stopped' : failure ? 'error' : 'success';
  return (
    <>
      <StatusIndicator type={type} {...(type === 'success' && { colorOverride: 'grey' as const })}>
        {!enabled ? 'disabled' : failure ? 'not taken' : 'up to date'}
      </StatusIndicator>
      {disabledReason !== undefined && <div className="soft small">{plain(disabledReason)}</div>}
      {delivered !== undefined && (
        <div className="soft small">Event {delivered} was the last that was taken.</div>
      )}
      {failure && enabled && (
        <div className="soft small">
          Since <Ago at={failure.since} />,{' '}
          {failure.attempts === 1 ? '1 attempt' : `${failure.attempts} attempts`}: {plain(failure.reason)}{' '}
          Sent again <Ago at={failure.nextAt} />.
        </div>
      )}
      {previousSecretUntil !== undefined && (
        <div className="soft small">
          The secret before is good until <Ago at={previousSecretUntil} />.
        </div>
      )}
    </>
  );
}
