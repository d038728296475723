/** The App over real HTTP, at a GitHub that is played. */
import { afterEach } from 'vitest';
import { createReceivers } from '../../../functions/adapters/outgoing/receivers.ts';
import { type GitHost, openGitHost } from '../../api/connections/git-host.ts';
import { APP_KEY, OTHER_KEY, playApp, realApp } from '../../api/connections/played-app.ts';
import { githubAppContract } from '../../contracts/outgoing/github-app.ts';

const hosts: GitHost[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

githubAppContract('by JWT', async () => {
  let offset = 0;
  let key = APP_KEY;
  const now = (): number => Date.now() + offset;
  const github = playApp(now);
  github.installed.add('octo/guestbook').add('octo/other');
  const host = await openGitHost('github', undefined, github);
  hosts.push(host);
  const { ask } = createReceivers({ trusted: [host.origin] });
  return {
    app: realApp({ api: host.origin, ask, now, key: async () => key }),
    github,
    fail: host.fail,
    loseKey: () => {
      key = OTHER_KEY;
    },
    pass: (milliseconds) => {
      offset += milliseconds;
    },
  };
});
