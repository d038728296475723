/** A database: its plan, its backups, and what can be done with each. */
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { useState } from 'react';
import { Link } from 'wouter';
import type { Backup, Environment, Resource } from '../../../../../client/types.generated.ts';
import { backupPaths, type Database, databaseOf, useBackupPlan, useBackups } from '../../../api/backups.ts';
import { api, body } from '../../../api/client.ts';
import { operationPath } from '../../../app/paths.ts';
import { Guarded } from '../../../components/access/guarded.tsx';
import { Who } from '../../../components/access/who.tsx';
import { useAction } from '../../../components/dialogs/use-action.ts';
import { Facts } from '../../../components/facts.tsx';
import { type Column, DataTable } from '../../../components/page/data-table.tsx';
import { plain } from '../../../components/plain.ts';
import { Status } from '../../../components/status.tsx';
import { Ago } from '../../../components/time.tsx';
import { sizeWord } from '../../../components/version.tsx';
import { PlanDialog } from './plan-dialog.tsx';
import { planWords } from './plan-words.ts';
import { DeleteDialog, PutBackDialog, RestoreDialog } from './restore-dialogs.tsx';

type Open = { what: 'plan' | 'put-back' } | { what: 'restore' | 'delete'; backup: Backup } | undefined;

/** Why nothing can be begun in it now; undefined where it can. */
const notNow = ({ name, state }: Environment): string | undefined =>
  state === 'ready'
    ? undefined
    : state === 'hibernated'
      ? `${name} sleeps: wake it first.`
      : `${name} is ${state}: wait until it is ready.`;

export function DatabaseCard({ environment, resource }: { environment: Environment; resource: Resource }) {
  const { uid, replacedAt } = resource;
  const database = databaseOf({ project: environment.project, environment: environment.name }, uid);
  const { data: items, error } = useBackups(database);
  const { data: plan } = useBackupPlan(database);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const isMaking = items?.some(({ state }) => state === 'making') ?? false;
  const why = notNow(environment);
  const create = useAction(async () => {
    await body(api.POST(backupPaths.list, { params: { path: { ...database } } }));
    return undefined;
  }, 'It was not backed up');
  const guarded = { where: environment, ...(why !== undefined && { disabled: true, disabledReason: why }) };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={resource.services.length > 0 && `Used by ${resource.services.join(', ')}`}
          actions={
            <span className="row">
              {plan && (
                <Guarded action="backup.write" where={environment} onClick={() => setOpen({ what: 'plan' })}>
                  Change the plan
                </Guarded>
              )}
              <Guarded
                action="backup.write"
                variant="primary"
                loading={create.busy || isMaking}
                loadingText="A backup is being made"
                onClick={create.run}
                {...guarded}
              >
                Back up now
              </Guarded>
            </span>
          }
        >
          {plain(uid)}
        </Header>
      }
    >
      <div className="stack">
        <Facts
          of={[
            ['Backed up', plan && planWords(plan)],
            ['Next one', plan?.nextAt !== undefined && <Ago key="next" at={plan.nextAt} />],
            ['Kept', plan && `the ${plan.keep === 1 ? 'newest one' : `${plan.keep} newest`}`],
          ]}
        />
        {replacedAt !== undefined && (
          <div className="row replaced">
            <span>
              A restore replaced its data <Ago at={replacedAt} />. What it held before is still there, closed.
            </span>
            <span className="row-end">
              <Guarded
                action="backup.restore"
                destroys
                onClick={() => setOpen({ what: 'put-back' })}
                ariaLabel={`Put back what the restore of ${uid} replaced`}
                {...guarded}
              >
                Put back …
              </Guarded>
            </span>
          </div>
        )}
        <DataTable
          label={`Backups of ${uid}`}
          of={{ items, error, more: undefined }}
          keyOf={({ id }) => id}
          none="None yet. A backup is made while the database is used, and counts once it was restored on trial and found equal."
          columns={columnsOf(database, guarded, setOpen)}
        />
        <p className="soft small">
          Data on another server, or in a dump of pg_dump, come here by{' '}
          <code>{`berth db import --env ${environment.name} --resource '${uid}' --from …`}</code>
        </p>
      </div>
      {open?.what === 'plan' && plan && (
        <PlanDialog database={database} uid={uid} plan={plan} onClose={close} />
      )}
      {open?.what === 'put-back' && <PutBackDialog database={database} resource={resource} onClose={close} />}
      {open?.what === 'restore' && (
        <RestoreDialog database={database} resource={resource} backup={open.backup} onClose={close} />
      )}
      {open?.what === 'delete' && <DeleteDialog database={database} backup={open.backup} onClose={close} />}
    </Container>
  );
}

const words: Record<Backup['state'], string> = {
  making: 'being made and checked',
  checked: 'whole, restored on trial',
  failed: 'failed',
  deleting: 'being deleted',
};

interface Restoring {
  where: Environment;
  disabled?: boolean;
  disabledReason?: string;
}

const columnsOf = (
  { project }: Database,
  guarded: Restoring,
  open: (what: Open) => void,
): readonly Column<Backup>[] => [
  {
    head: 'Made',
    cell: ({ createdAt, createdBy, scheduled }) => (
      <>
        <Ago at={createdAt} />{' '}
        <div className="soft small made-by">
          {scheduled ? (
            'by its plan'
          ) : (
            <>
              by <Who id={createdBy} />
            </>
          )}
        </div>
      </>
    ),
  },
  {
    head: 'State',
    cell: ({ state, error, operation }) => (
      <>
        <Status of={state}>{words[state]}</Status>
        {error && (
          <div className="soft small">
            {plain(error.cause).split('\n', 1)[0]} {plain(error.hint)}
          </div>
        )}
        {state === 'making' && (
          <div className="small">
            <Link href={operationPath(project, operation)}>Watch it</Link>
          </div>
        )}
      </>
    ),
  },
  { head: 'Size', cell: ({ bytes }) => (bytes === undefined ? '–' : sizeWord(bytes)) },
  {
    head: 'Holds',
    cell: ({ rows, tables }) =>
      rows === undefined || tables === undefined
        ? '–'
        : `${counted(rows, 'row')} in ${counted(tables, 'table')}`,
  },
  {
    head: 'Actions',
    isActions: true,
    cell: (backup) => {
      const at = new Date(backup.createdAt).toLocaleString();
      return (
        <span>
          {backup.state === 'checked' && (
            <Guarded
              action="backup.restore"
              destroys
              onClick={() => open({ what: 'restore', backup })}
              ariaLabel={`Restore the backup of ${at}`}
              {...guarded}
            >
              Restore …
            </Guarded>
          )}
          {backup.state !== 'making' && (
            <Guarded
              action="backup.delete"
              where={guarded.where}
              variant="inline-link"
              destroys
              onClick={() => open({ what: 'delete', backup })}
              ariaLabel={`Delete the backup of ${at}`}
            >
              Delete
            </Guarded>
          )}
        </span>
      );
    },
  },
];

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
