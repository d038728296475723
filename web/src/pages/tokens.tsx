/** The tokens that act for who is signed in. */
import { useState } from 'react';
import { api, body } from '../api/client.ts';
import { useList } from '../api/list.ts';
import { Title } from '../app/title.tsx';
import { Guarded } from '../components/access/guarded.tsx';
import { Tokens } from './tokens/tokens.tsx';

export default function YourTokensPage() {
  const tokens = useList('/v1/tokens', (query, signal) =>
    api.GET('/v1/tokens', { params: { query }, signal }),
  );
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="stack">
      <div>
        <div className="row">
          <Title text="Your tokens" />
          <span className="row row-end">
            <Guarded action="me.manage" variant="primary" onClick={() => setOpen(true)}>
              New token
            </Guarded>
          </span>
        </div>
        <p className="soft page-lead">
          For a terminal or a script that acts for you. A token may do what you may, at most what its role
          may, and ends when your access ends.
        </p>
      </div>
      <Tokens
        of={tokens}
        action="me.manage"
        revoke={(token) => api.DELETE('/v1/tokens/{token}', { params: { path: { token } } })}
        none="You have none. To sign a terminal in you need none either: berth login opens a browser."
        make={(wanted) => body(api.POST('/v1/tokens', { body: wanted }))}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
      />
    </div>
  );
}
