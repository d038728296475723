/** The tokens that act for a project. */
import { useState } from 'react';
import { Link } from 'wouter';
import { api, body } from '../../api/client.ts';
import { useList } from '../../api/list.ts';
import { settingsPath, tokensPath } from '../../app/paths.ts';
import { Guarded, useMay } from '../../components/access/guarded.tsx';
import { Tokens } from '../tokens/tokens.tsx';
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
      <Tokens
        of={tokens}
        action="token.write"
        revoke={(token) => api.DELETE(`${TOKENS}/{token}`, { params: { path: { project, token } } })}
        none="The project has none."
        project={project}
        make={(wanted) => body(api.POST(TOKENS, { params: { path }, body: wanted }))}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
      />
    </Settings>
  );
}
