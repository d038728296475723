/** What one does with a webhook: a test, another try at once, a rotation, on and off. */
import type { Webhook } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { Guarded } from '../../components/access/guarded.tsx';
import { useAction } from '../../components/dialogs/use-action.ts';
import { useReceiverTest } from '../../components/dialogs/use-receiver-test.ts';

const WEBHOOK = '/v1/projects/{project}/webhooks/{webhook}';

interface WebhookActionsProps {
  webhook: Webhook;
  /** By which people know it. */
  name: string;
  onOpen(what: 'put' | 'rotate' | 'delete'): void;
}

export function WebhookActions({ webhook, name, onOpen }: WebhookActionsProps) {
  const { project, id, enabled, failure } = webhook;
  const params = { path: { project, webhook: id } };
  const test = useReceiverTest(name, 'the test', () => body(api.POST(`${WEBHOOK}/test`, { params })));
  // Enabled anew, it goes on with the event that was not taken, at once.
  const retry = useAction(async () => {
    await body(api.PATCH(WEBHOOK, { params, body: { enabled: true } }));
    return `What ${name} did not take is sent again now.`;
  }, 'It was not sent again');
  const toggle = useAction(async () => {
    await body(api.PATCH(WEBHOOK, { params, body: { enabled: !enabled } }));
    return enabled
      ? `Nothing is sent to ${name} for now.`
      : `${name} gets what happened meanwhile, and what happens.`;
  }, 'It was not changed');
  return (
    <span>
      <Guarded
        action="webhook.write"
        variant="inline-link"
        ariaLabel={`Test ${name}`}
        loading={test.busy}
        onClick={test.run}
      >
        Test
      </Guarded>
      {enabled && failure && (
        <Guarded
          action="webhook.write"
          variant="inline-link"
          ariaLabel={`Redeliver to ${name}`}
          loading={retry.busy}
          onClick={retry.run}
        >
          Redeliver
        </Guarded>
      )}
      <Guarded
        action="webhook.write"
        variant="inline-link"
        ariaLabel={`Change ${name}`}
        onClick={() => onOpen('put')}
      >
        Change
      </Guarded>
      <Guarded
        action="webhook.write"
        variant="inline-link"
        ariaLabel={`Rotate the secret of ${name}`}
        onClick={() => onOpen('rotate')}
      >
        Rotate
      </Guarded>
      <Guarded
        action="webhook.write"
        variant="inline-link"
        ariaLabel={`${enabled ? 'Disable' : 'Enable'} ${name}`}
        loading={toggle.busy}
        onClick={toggle.run}
      >
        {enabled ? 'Disable' : 'Enable'}
      </Guarded>
      <Guarded
        action="webhook.write"
        variant="inline-link"
        destroys
        ariaLabel={`Delete ${name}`}
        onClick={() => onOpen('delete')}
      >
        Delete
      </Guarded>
    </span>
  );
}
