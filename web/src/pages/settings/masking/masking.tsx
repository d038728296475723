/** How data are changed before they are seen in a copy of an environment: a rule a database. */
import Container from '@cloudscape-design/components/container';
import { useState } from 'react';
import { api } from '../../../api/client.ts';
import { notify } from '../../../app/notifications.tsx';
import { Guarded } from '../../../components/access/guarded.tsx';
import { ActionDialog } from '../../../components/dialogs/action-dialog.tsx';
import { DataTable } from '../../../components/page/data-table.tsx';
import { plain } from '../../../components/plain.ts';
import { Settings } from '../page.tsx';
import { MaskingDialog } from './masking-dialog.tsx';
import { type Masking, maskingApi, type Rule, useDatabaseUids, useMasking } from './read-masking.ts';

/** A database that there is, or that a rule names. */
interface Row {
  resource: string;
  sql?: string;
}

/** `held`: what somebody saw who changes it; what others change meanwhile is not overwritten. */
type Open = ({ what: 'put'; row?: Row } | { what: 'delete'; row: Row }) & { held: Masking };

export default function MaskingPage({ project }: { project: string }) {
  const { data, error } = useMasking(project);
  const { data: uids = [] } = useDatabaseUids(project);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const rules = data?.rules ?? [];
  const without = uids.filter((uid) => !rules.some(({ resource }) => resource === uid));
  const rows: Row[] = [...rules, ...without.map((resource) => ({ resource }))];
  const put = async ({ rules: before, etag }: Masking, resource: string, rule?: Rule) => {
    await api.PUT(maskingApi, {
      params: { path: { project }, header: etag === '' ? {} : { 'If-Match': etag } },
      body: { rules: [...before.filter((one) => one.resource !== resource), ...(rule ? [rule] : [])] },
    });
    notify({
      type: 'success',
      content: rule ? 'Copies from now on are masked by it.' : 'The rule was deleted.',
    });
  };
  const unmasked = rules.length === 0 ? 'Copied as it is, unless its environment is protected' : 'Not copied';
  return (
    <Settings
      project={project}
      page="masking"
      reads="masking.read"
      lead="How the data of a database are changed before anyone can see them in a clone or a preview. As soon as there is a rule, a database without one is not copied."
      action={
        data && (
          <Guarded
            action="masking.write"
            variant="primary"
            onClick={() => setOpen({ what: 'put', held: data })}
          >
            Add a rule
          </Guarded>
        )
      }
    >
      <Container>
        <DataTable
          label="Databases"
          of={{ items: data && rows, error, more: undefined }}
          keyOf={({ resource }) => resource}
          none="The project has no database and no rule."
          columns={[
            { head: 'Database', cell: ({ resource }) => <code>{plain(resource)}</code> },
            {
              head: 'When it is copied',
              cell: ({ sql }) =>
                sql === undefined ? (
                  <span className="soft">{unmasked}</span>
                ) : sql.trim() === '' ? (
                  'Nothing to mask: copied as it is'
                ) : (
                  <code className="value">{plain(sql)}</code>
                ),
            },
            {
              head: 'Actions',
              isActions: true,
              cell: (row) => (
                <span>
                  <Guarded
                    action="masking.write"
                    variant="inline-link"
                    ariaLabel={`${row.sql === undefined ? 'Mask' : 'Change'} ${row.resource}`}
                    onClick={() => data && setOpen({ what: 'put', row, held: data })}
                  >
                    {row.sql === undefined ? 'Mask' : 'Change'}
                  </Guarded>
                  {row.sql !== undefined && (
                    <Guarded
                      action="masking.write"
                      variant="inline-link"
                      destroys
                      ariaLabel={`Delete the rule of ${row.resource}`}
                      onClick={() => data && setOpen({ what: 'delete', row, held: data })}
                    >
                      Delete
                    </Guarded>
                  )}
                </span>
              ),
            },
          ]}
        />
      </Container>
      {open?.what === 'put' && (
        <MaskingDialog
          {...(open.row && { resource: open.row.resource, sql: open.row.sql ?? '' })}
          isNew={open.row?.sql === undefined}
          known={without}
          save={(rule) => put(open.held, rule.resource, rule)}
          onClose={close}
        />
      )}
      {open?.what === 'delete' && (
        <ActionDialog
          header={`Delete the rule of ${open.row.resource}?`}
          act="Delete the rule"
          destroys
          run={() => put(open.held, open.row.resource)}
          onClose={close}
        >
          <p>
            {rules.length === 1
              ? 'It is the only rule: without any, data are copied as they are, but for those of protected environments.'
              : 'The database is not copied any more.'}
          </p>
        </ActionDialog>
      )}
    </Settings>
  );
}
