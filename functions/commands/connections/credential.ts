/** What a build signs in with to fetch the source of its service. */

import { fullNameOf } from '../../core/git/git-provider.ts';
import { providers } from '../../core/git/providers.ts';
import { connectionKey, gitTokenPath } from '../../core/keys.ts';
import type { Connection, Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { GitCredential } from '../../ports/builder.ts';
import type { Ports } from '../../ports/index.ts';
import { appToken } from './app-access.ts';

/** The token of the service's connection, for the repository that it names and for no other. */
export async function gitCredentialOf(
  ports: Ports,
  { project, service, input }: Operation<'build'>,
): Promise<{ credential?: GitCredential }> {
  if (input.kind !== 'git') return {};
  const connection = (await ports.store.get<Connection>(connectionKey({ project, service })))?.data;
  if (!connection || connection.repository !== input.url) return {};
  if (!connection.token) return connection.app ? { credential: byApp(ports, connection) } : {};
  const path = gitTokenPath(project, connection.id);
  const { version } = connection.token;
  return {
    credential: {
      user: providers[connection.provider].user,
      path,
      version,
      async read() {
        const value = await ports.secrets.get(path, version);
        if (value !== undefined) return value;
        throw new Problem('source_unavailable', 'The source can not be fetched: its token is gone.', {
          hint: `Set it again with PUT /v1/projects/${project}/services/${service}/connection.`,
        });
      },
    },
  };
}

/** A token of the App that can read the repository and no more. It is in memory alone, so that nobody else can read it for the build. */
function byApp(ports: Ports, connection: Connection): GitCredential {
  return {
    user: providers[connection.provider].user,
    async read() {
      const given = await appToken(ports, connection, 'source');
      if ('token' in given) return given.token;
      const { project, service, repository } = connection;
      throw new Problem('source_unavailable', `The source can not be fetched: ${given.fault}.`, {
        hint: `Ask the platform team to let "${project}" use ${fullNameOf(repository)} by the GitHub App, or set a token with PUT /v1/projects/${project}/services/${service}/connection.`,
      });
    },
  };
}
