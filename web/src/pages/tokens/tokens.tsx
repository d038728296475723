/** Tokens, whosever they are: the list, the dialog that makes one, and the one that was just made, shown once. */
import { type ComponentProps, useState } from 'react';
import type { NewToken } from '../../../../client/types.generated.ts';
import { ShownOnce } from '../../components/forms/shown-once.tsx';
import { plain } from '../../components/plain.ts';
import { TokenDialog } from './token-dialog.tsx';
import { TokenList } from './token-list.tsx';

type TokensProps = ComponentProps<typeof TokenList> &
  Pick<ComponentProps<typeof TokenDialog>, 'make' | 'project'> & {
    /** One is being made. */
    isOpen: boolean;
    onClose(): void;
  };

export function Tokens({ make, project, isOpen, onClose, ...list }: TokensProps) {
  const [made, setMade] = useState<NewToken>();
  return (
    <>
      {made && (
        <ShownOnce
          header={`The token ${plain(made.name)} was created`}
          secret={made.token}
          onClose={() => setMade(undefined)}
        />
      )}
      <TokenList {...list} />
      {isOpen && (
        <TokenDialog
          {...(project !== undefined && { project })}
          make={make}
          onMade={setMade}
          onClose={onClose}
        />
      )}
    </>
  );
}
