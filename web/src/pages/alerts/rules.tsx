/** By which rules alerts of a project fire. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import type { AlertRules } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { LinesField } from '../../components/forms/fields.tsx';
import { DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { rulesApi, useAlertRules } from './read-alerts.ts';
import { firesWhen, holdsIn } from './rule-words.ts';

export function Rules({ project }: { project: string }) {
  const { data, error } = useAlertRules(project);
  const [open, setOpen] = useState<'change' | 'reset'>();
  const close = () => setOpen(undefined);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={data?.isDefault ? 'Those that hold from the start.' : undefined}
          actions={
            data && (
              <span className="row">
                {!data.isDefault && (
                  <Guarded action="alert-rule.write" onClick={() => setOpen('reset')}>
                    Put the defaults back …
                  </Guarded>
                )}
                <Guarded action="alert-rule.write" onClick={() => setOpen('change')}>
                  Change the rules …
                </Guarded>
              </span>
            )
          }
        >
          Rules
        </Header>
      }
    >
      <DataTable
        label="Rules"
        of={{ items: data?.rules, error, more: undefined }}
        keyOf={({ name }) => name}
        none="There are none: nothing fires."
        columns={[
          { head: 'Rule', cell: ({ name }) => plain(name) },
          { head: 'Fires when', cell: firesWhen },
          { head: 'Where', cell: holdsIn },
        ]}
      />
      {open === 'change' && data && <ChangeDialog project={project} held={data} onClose={close} />}
      {open === 'reset' && (
        <ActionDialog
          header="Put the defaults back?"
          act="Put the defaults back"
          run={() => put(project, null)}
          onClose={close}
        >
          <p>The project’s own rules go. What fires by one of them is over.</p>
        </ActionDialog>
      )}
    </Container>
  );
}

type Rules = AlertRules['rules'];

async function put(project: string, rules: Rules | null): Promise<void> {
  await api.PUT(rulesApi, { params: { path: { project } }, body: { rules } });
  notify({ type: 'success', content: 'The rules were changed.' });
}

/** Rules are written as the API takes them: docs/how-to/alerts.md says what each may have. */
function ChangeDialog({ project, held, onClose }: { project: string; held: AlertRules; onClose(): void }) {
  const [text, setText] = useState(() => JSON.stringify(held.rules, undefined, 2));
  const read = rulesIn(text);
  return (
    <ActionDialog
      header="Change the rules"
      act="Save the rules"
      size="large"
      disabled={'wrong' in read}
      run={async () => {
        if ('rules' in read) await put(project, read.rules);
      }}
      onClose={onClose}
    >
      <p>They take the place of all that hold now. What fires by a rule that is not among them is over.</p>
      <LinesField
        label="Rules, as JSON"
        value={text}
        onChange={setText}
        rows={16}
        wrong={'wrong' in read ? read.wrong : undefined}
      />
    </ActionDialog>
  );
}

/** What is wrong with a rule the API says. */
function rulesIn(text: string): { rules: Rules } | { wrong: string } {
  try {
    return { rules: JSON.parse(text) as Rules };
  } catch (error) {
    return { wrong: `This is no JSON: ${error instanceof Error ? error.message : ''}` };
  }
}
