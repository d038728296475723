/** Where the output of a project is sent, and how that goes. */
import Container from '@cloudscape-design/components/container';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import type { LogDrain } from '../../../../../client/types.generated.ts';
import { api, body } from '../../../api/client.ts';
import { useList } from '../../../api/list.ts';
import { notify } from '../../../app/notifications.tsx';
import { Guarded, useMay } from '../../../components/access/guarded.tsx';
import { ActionDialog } from '../../../components/dialogs/action-dialog.tsx';
import { useAction } from '../../../components/dialogs/use-action.ts';
import { useReceiverTest } from '../../../components/dialogs/use-receiver-test.ts';
import { DataTable } from '../../../components/page/data-table.tsx';
import { plain } from '../../../components/plain.ts';
import { Settings } from '../page.tsx';
import { DrainDialog } from './drain-dialog.tsx';

const DRAINS = '/v1/projects/{project}/drains';
const DRAIN = `${DRAINS}/{drain}` as const;

type Open = { what: 'put'; drain?: LogDrain } | { what: 'delete'; drain: LogDrain } | undefined;

export default function DrainsPage({ project }: { project: string }) {
  const may = useMay();
  const drains = useList(
    may('drain.read').disabled ? undefined : `/v1/projects/${project}/drains`,
    (query, signal) => api.GET(DRAINS, { params: { path: { project }, query }, signal }),
    // How far one is is no event.
    { isStill: false },
  );
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  return (
    <Settings
      project={project}
      page="drains"
      reads="drain.read"
      lead="What services print is sent there within a second, at least once, and as the logs show it: with secrets hidden."
      action={
        <Guarded action="drain.write" variant="primary" onClick={() => setOpen({ what: 'put' })}>
          Add a log drain
        </Guarded>
      }
    >
      <Container>
        <DataTable
          label="Log drains"
          of={drains}
          keyOf={({ id }) => id}
          none="Output is sent nowhere yet."
          columns={[
            {
              head: 'Where',
              cell: ({ url, description, format }) => (
                <>
                  {plain(url)}
                  <div className="soft small">
                    {format === 'otlp' ? 'OTLP' : 'NDJSON'}
                    {description !== undefined && `, ${plain(description)}`}
                  </div>
                </>
              ),
            },
            { head: 'Lines', cell: (drain) => linesOf(drain) },
            { head: 'State', cell: (drain) => <DrainState drain={drain} /> },
            {
              head: 'Actions',
              isActions: true,
              cell: (drain) => <DrainActions drain={drain} onOpen={(what) => setOpen({ what, drain })} />,
            },
          ]}
        />
      </Container>
      {open?.what === 'put' && (
        <DrainDialog project={project} {...(open.drain && { drain: open.drain })} onClose={close} />
      )}
      {open?.what === 'delete' && (
        <ActionDialog
          header={`Delete the log drain to ${hostOf(open.drain)}?`}
          act="Delete the log drain"
          destroys
          run={async () => {
            await api.DELETE(DRAIN, { params: { path: { project, drain: open.drain.id } } });
            notify({ type: 'success', content: 'The log drain was deleted.' });
          }}
          onClose={close}
        >
          <p>Nothing more is sent to {plain(open.drain.url)}. What it has not taken yet is not sent later.</p>
        </ActionDialog>
      )}
    </Settings>
  );
}

/** Which lines are sent, in words. */
function linesOf({ filter = {}, operations }: LogDrain): string {
  const { environments, services, search } = filter;
  const parts = [
    services ? `of ${services.join(', ')}` : 'of all services',
    environments && `in ${environments.join(', ')}`,
    search !== undefined && `that ${search} finds`,
    operations && 'and of operations',
  ];
  return plain(parts.filter(Boolean).join(' '));
}

/** By which people know it. */
function hostOf({ url }: LogDrain): string {
  try {
    return new URL(url).host;
  } catch {
    return plain(url);
  }
}

function DrainState({ drain: { enabled, state } }: { drain: LogDrain }) {
  const type = !enabled ? 'stopped' : state?.failure ? 'error' : 'success';
  return (
    <>
      <StatusIndicator type={type} {...(type === 'success' && { colorOverride: 'grey' as const })}>
        {!enabled ? 'paused' : state?.failure ? 'not taken' : 'sending'}
      </StatusIndicator>
      {state && <div className="soft small">{plain(state.words)}</div>}
    </>
  );
}

interface DrainActionsProps {
  drain: LogDrain;
  onOpen(what: 'put' | 'delete'): void;
}

function DrainActions({ drain, onOpen }: DrainActionsProps) {
  const { project, id, enabled, state } = drain;
  const name = hostOf(drain);
  const params = { path: { project, drain: id } };
  const test = useReceiverTest(name, 'the line', () => body(api.POST(`${DRAIN}/test`, { params })));
  const retry = useAction(async () => {
    await body(api.PATCH(DRAIN, { params, body: { enabled: true } }));
    return `What ${name} did not take is sent again now.`;
  }, 'It was not sent again');
  const toggle = useAction(async () => {
    await body(api.PATCH(DRAIN, { params, body: { enabled: !enabled } }));
    return enabled ? `Nothing is sent to ${name} for now.` : `${name} gets what is printed from now on.`;
  }, 'It was not changed');
  const act = 'drain.write';
  return (
    <span>
      <Guarded
        action={act}
        variant="inline-link"
        ariaLabel={`Test ${name}`}
        loading={test.busy}
        onClick={test.run}
      >
        Test
      </Guarded>
      {enabled && state?.failure && (
        <Guarded
          action={act}
          variant="inline-link"
          ariaLabel={`Send again to ${name}`}
          loading={retry.busy}
          onClick={retry.run}
        >
          Send again
        </Guarded>
      )}
      <Guarded action={act} variant="inline-link" ariaLabel={`Change ${name}`} onClick={() => onOpen('put')}>
        Change
      </Guarded>
      <Guarded
        action={act}
        variant="inline-link"
        ariaLabel={`${enabled ? 'Pause' : 'Resume'} ${name}`}
        loading={toggle.busy}
        onClick={toggle.run}
      >
        {enabled ? 'Pause' : 'Resume'}
      </Guarded>
      <Guarded
        action={act}
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
