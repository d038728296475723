/** Tokens of a person or of a project: listed, made, and revoked. */
import Container from '@cloudscape-design/components/container';
import type { ReactNode } from 'react';
import { useState } from 'react';
import type { Action } from '../../../../client/permissions.generated.ts';
import type { Token } from '../../../../client/types.generated.ts';
import type { List } from '../../api/list.ts';
import { notify } from '../../app/notifications.tsx';
import { Guarded } from '../../components/access/guarded.tsx';
import { Who } from '../../components/access/who.tsx';
import { ActionDialog } from '../../components/dialogs/action-dialog.tsx';
import { DataTable } from '../../components/page/data-table.tsx';
import { plain } from '../../components/plain.ts';
import { Ago } from '../../components/time.tsx';

interface TokenListProps {
  of: List<Token>;
  /** What revoking takes. */
  action: Action;
  revoke(id: string): Promise<unknown>;
  none: ReactNode;
}

export function TokenList({ of, action, revoke, none }: TokenListProps) {
  const [going, setGoing] = useState<Token>();
  const name = going && plain(going.name);
  return (
    <Container>
      <DataTable
        label="Tokens"
        of={of}
        keyOf={({ id }) => id}
        none={none}
        columns={[
          { head: 'Name', cell: (token) => plain(token.name) },
          {
            head: 'May',
            cell: ({ role, owner, project, environments, createsTokens, signIn }) => (
              <>
                {signIn ? 'all that you may' : `at most ${role}`}
                <span className="soft small">
                  {[
                    owner !== undefined && project !== undefined && `in ${project}`,
                    environments && `${environments.join(', ')} alone`,
                    createsTokens && 'makes tokens',
                    signIn && 'signed in from a terminal',
                  ]
                    .filter(Boolean)
                    .join(' · ')}
                </span>
              </>
            ),
          },
          { head: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt ? <Ago at={lastUsedAt} /> : 'never') },
          { head: 'Expires', cell: ({ expiresAt }) => <Ago at={expiresAt} /> },
          {
            head: 'Created',
            cell: ({ createdAt, createdBy }) => (
              <>
                <Ago at={createdAt} /> by <Who id={createdBy} />
              </>
            ),
          },
          {
            head: 'Actions',
            isActions: true,
            cell: (token) => (
              <span>
                <Guarded
                  action={action}
                  variant="inline-link"
                  destroys
                  ariaLabel={`Revoke ${plain(token.name)}`}
                  onClick={() => setGoing(token)}
                >
                  Revoke
                </Guarded>
              </span>
            ),
          },
        ]}
      />
      {going && (
        <ActionDialog
          header={`Revoke ${name}?`}
          act={`Revoke ${name}`}
          destroys
          run={async () => {
            await revoke(going.id);
            notify({ type: 'success', content: `${name} was revoked.` });
          }}
          onClose={() => setGoing(undefined)}
        >
          <p>
            Whoever uses it is refused from now on, and so are the tokens that it made. It can not be undone.
          </p>
        </ActionDialog>
      )}
    </Container>
  );
}
