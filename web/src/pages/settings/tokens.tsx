/** The tokens that act for a project. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { NewToken } from '../../../../client/types.generated.ts';
import { api, body } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { settingsPath, tokensPath } from '../../app/paths.ts';
import { Guarded, useMay } from '../../components/access/guarded.tsx';
import { ShownOnce } from '../../components/forms/shown-once.tsx';
import { plain } from '../../components/plain.ts';
import { TokenDialog } from '../tokens/token-dialog.tsx';
import { TokenList } from '../tokens/token-list.tsx';
import { Settings } from './page.tsx';

const TOKENS = '/v1/projects/{project}/tokens';

export default function ProjectTokensPage({ project }: { project: string }) {
  const may = useMay();
  const path = { project };
  const tokens = useList(
    may('token.read').disabled ? undefined : `/v1/projects/${project}/tokens`,
    (query, signal) => api.GET(TOKENS, { params: { path, query }, signal }),
  );
  const [isOpen, setOpen] = useState(false);
  const [made, setMade] = useState<NewToken>();
  return (
    <Settings
      project={project}
      page="tokens"
      reads="token.read"
      lead={
        <>
          They act for the project and stay when who made them leaves. Those that act for you are{' '}
          <Link href={tokensPath}>your tokens</Link>; a pipeline needs none where it is{' '}
          <Link href={settingsPath(project, 'pipelines')}>trusted</Link>.
        </>
      }
      action={
        <Guarded action="token.write" variant="primary" onClick={() => setOpen(true)}>
          New token
        </Guarded>
      }
    >
      {made && (
        <ShownOnce
          header={`The token ${plain(made.name)} was created`}
          secret={made.token}
          onClose={() => setMade(undefined)}
        />
      )}
      <TokenList
        of={tokens}
        action="token.write"
        revoke={(token) => api.DELETE(`${TOKENS}/{token}`, { params: { path: { project, token } } })}
        none="The project has none."
      />
      {isOpen && (
        <TokenDialog
          project={project}
          make={(wanted) => body(api.POST(TOKENS, { params: { path }, body: wanted }))}
          onMade={setMade}
          onClose={() => setOpen(false)}
        />
      )}
    </Settings>
  );
}
