/** Where events of a project are sent, how that goes, and what signs them. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import type { Webhook, WebhookWithSecret } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded, useMay } from '../../components/access/guarded.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { ShownOnce } from '../../components/forms/shown-once.tsx';
import { DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { Settings } from './page.tsx';
import { WebhookActions } from './webhook-actions.tsx';
import { WebhookDialog } from './webhook-dialog.tsx';
import { WebhookState } from './webhook-state.tsx';

const WEBHOOKS = '/v1/projects/{project}/webhooks';

type Open = { what: 'put'; webhook?: Webhook } | { what: 'delete' | 'rotate'; webhook: Webhook } | undefined;

export default function WebhooksPage({ project }: { project: string }) {
  const may = useMay();
  const webhooks = useList(
    may('webhook.read').disabled ? undefined : `/v1/projects/${project}/webhooks`,
    (query, signal) => api.GET(WEBHOOKS, { params: { path: { project }, query }, signal }),
    // Whether it is taken is no event.
    { isStill: false },
  );
  const [open, setOpen] = useState<Open>();
  const [shown, setShown] = useState<WebhookWithSecret>();
  const close = () => setOpen(undefined);
  return (
    <Settings
      project={project}
      page="webhooks"
      reads="webhook.read"
      lead="Events of the project are sent there in the order in which they happened, each until it is taken, and signed."
      action={
        <Guarded action="webhook.write" variant="primary" onClick={() => setOpen({ what: 'put' })}>
          Add a webhook
        </Guarded>
      }
    >
      {shown && (
        <ShownOnce
          header={`What messages to ${hostOf(shown.url)} are signed with`}
          secret={shown.secret}
          onClose={() => setShown(undefined)}
        />
      )}
      <Container>
        <DataTable
          label="Webhooks"
          of={webhooks}
          keyOf={({ id }) => id}
          none="Events are sent nowhere yet."
          columns={[
            {
              head: 'Where',
              cell: ({ url, description }) => (
                <>
                  {plain(url)}
                  {description !== undefined && <div className="soft small">{plain(description)}</div>}
                </>
              ),
            },
            { head: 'Events', cell: ({ types }) => (types ? types.map(plain).join(', ') : 'all') },
            { head: 'State', cell: (webhook) => <WebhookState webhook={webhook} /> },
            {
              head: 'Actions',
              isActions: true,
              cell: (webhook) => (
                <WebhookActions
                  webhook={webhook}
                  name={hostOf(webhook.url)}
                  onOpen={(what) => setOpen({ what, webhook })}
                />
              ),
            },
          ]}
        />
      </Container>
      {open?.what === 'put' && (
        <WebhookDialog
          project={project}
          {...(open.webhook && { webhook: open.webhook })}
          onMade={setShown}
          onClose={close}
        />
      )}
      {open?.what === 'rotate' && (
        <ActionDialog
          header={`Rotate the secret of ${hostOf(open.webhook.url)}?`}
          act="Rotate the secret"
          run={async () => {
            const path = { project, webhook: open.webhook.id };
            setShown(await body(api.POST(`${WEBHOOKS}/{webhook}/rotate`, { params: { path } })));
          }}
          onClose={close}
        >
          <p>
            A new secret is shown once. For 24 hours messages carry two signatures, by the new one and by the
            one before: the receiver changes over in that time.
          </p>
        </ActionDialog>
      )}
      {open?.what === 'delete' && (
        <ActionDialog
          header={`Delete the webhook to ${hostOf(open.webhook.url)}?`}
          act="Delete the webhook"
          destroys
          run={async () => {
            const path = { project, webhook: open.webhook.id };
            await api.DELETE(`${WEBHOOKS}/{webhook}`, { params: { path } });
            notify({ type: 'success', content: 'The webhook was deleted.' });
          }}
          onClose={close}
        >
          <p>
            Nothing more is sent to {plain(open.webhook.url)}. What it has not taken yet is not sent later.
          </p>
        </ActionDialog>
      )}
    </Settings>
  );
}

/** The part of an address by which people know it. */
function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return plain(url);
  }
}
