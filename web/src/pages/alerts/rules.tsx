/** By which rules alerts of a project fire. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import type { AlertRules } from '../../../../client/types.generated.ts';
import { api } from '../../api/client.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { RuleDialog } from './alert-rule-dialog.tsx';
import { SilenceDialog } from './dialogs.tsx';
import { rulesApi, useAlertRules } from './read-alerts.ts';
import { firesWhen, holdsIn } from './rule-words.ts';

type Rule = AlertRules['rules'][number];
type Open =
  | { what: 'put'; rule?: Rule }
  | { what: 'delete'; rule: Rule }
  | { what: 'silence'; rule: Rule }
  | { what: 'reset' }
  | undefined;

export function Rules({ project }: { project: string }) {
  const { data, error } = useAlertRules(project);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const rules = data?.rules ?? [];
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={data?.isDefault ? 'These hold until you change them.' : undefined}
          actions={
            data && (
              <span className="row">
                {!data.isDefault && (
                  <Guarded action="alert-rule.write" onClick={() => setOpen({ what: 'reset' })}>
                    Put the defaults back …
                  </Guarded>
                )}
                <Guarded action="alert-rule.write" onClick={() => setOpen({ what: 'put' })}>
                  Add a rule …
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
          { head: 'Actions', isActions: true, cell: (rule) => <RuleActions rule={rule} onOpen={setOpen} /> },
        ]}
      />
      {open?.what === 'put' && (
        <RuleDialog
          {...(open.rule && { rule: open.rule })}
          taken={rules.map(({ name }) => name).filter((name) => name !== open.rule?.name)}
          save={(rule) =>
            put(
              project,
              open.rule ? rules.map((one) => (one.name === open.rule?.name ? rule : one)) : [...rules, rule],
            )
          }
          onClose={close}
        />
      )}
      {open?.what === 'silence' && (
        <SilenceDialog project={project} of={{ rule: open.rule.name }} onClose={close} />
      )}
      {open?.what === 'delete' && (
        <ActionDialog
          header={`Delete ${open.rule.name}?`}
          act={`Delete ${open.rule.name}`}
          destroys
          run={() =>
            put(
              project,
              // They may have been read again meanwhile: the name is what tells them apart.
              rules.filter(({ name }) => name !== open.rule.name),
            )
          }
          onClose={close}
        >
          <p>What fires by it now is over, and nobody is told any more when {firesWhen(open.rule)}.</p>
        </ActionDialog>
      )}
      {open?.what === 'reset' && (
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

function RuleActions({ rule, onOpen }: { rule: Rule; onOpen(open: Open): void }) {
  const { name } = rule;
  return (
    <span>
      <Guarded
        action="alert-rule.write"
        variant="inline-link"
        ariaLabel={`Change ${name}`}
        onClick={() => onOpen({ what: 'put', rule })}
      >
        Change
      </Guarded>
      <Guarded
        action="alert.silence"
        variant="inline-link"
        ariaLabel={`Silence ${name} everywhere`}
        onClick={() => onOpen({ what: 'silence', rule })}
      >
        Silence
      </Guarded>
      <Guarded
        action="alert-rule.write"
        variant="inline-link"
        destroys
        ariaLabel={`Delete ${name}`}
        onClick={() => onOpen({ what: 'delete', rule })}
      >
        Delete
      </Guarded>
    </span>
  );
}

async function put(project: string, rules: Rule[] | null): Promise<void> {
  await api.PUT(rulesApi, { params: { path: { project } }, body: { rules } });
  notify({ type: 'success', content: 'The rules were changed.' });
}
