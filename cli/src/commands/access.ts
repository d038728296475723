/** `members` and `tokens`. */
import type { Command } from 'commander';
import type { Role } from '../../../client/types.generated.ts';
import { all, body } from '../api.ts';
import { ago, note, say, sayJson, table } from '../output.ts';
import { openSession } from '../session.ts';

interface TokenOptions {
  role: Role;
  expires?: string;
  mine?: boolean;
  envs?: string[];
}

const MEMBER = '/v1/projects/{project}/members/{principal}';

export function addAccess(program: Command): void {
  const members = program.command('members').description('Who is let into a project');

  members
    .command('list')
    .description('Show all with their roles')
    .action(async (_: unknown, command: Command) => {
      const { api, json, project } = openSession(command);
      const path = { project: project() };
      const items = await all((query) =>
        api.GET('/v1/projects/{project}/members', { params: { path, query } }),
      );
      if (json) sayJson(items);
      else
        table(
          ['WHO', 'ROLE', 'SINCE', 'BY'],
          items.map((each) => [each.principal, each.role, ago(each.createdAt), each.createdBy]),
        );
    });

  members
    .command('set')
    .argument('<who>', 'such as user:ada or group:web')
    .argument('<role>', 'viewer, developer, maintainer or administrator')
    .description('Let someone in, or change their role')
    .action(async (principal: string, role: string, _: unknown, command: Command) => {
      const { api, json, project } = openSession(command);
      const path = { project: project(), principal };
      // The API refuses a role that there is not, with the ones that there are.
      const member = await body(api.PUT(MEMBER, { params: { path }, body: { role: role as Role } }));
      if (json) sayJson(member);
      else note(`${member.principal} is ${member.role} in ${path.project}.`);
    });

  members
    .command('remove')
    .argument('<who>')
    .description('Let someone in no longer')
    .action(async (principal: string, _: unknown, command: Command) => {
      const { api, json, project } = openSession(command);
      const path = { project: project(), principal };
      await api.DELETE(MEMBER, { params: { path } });
      if (!json) note(`${principal} is let into ${path.project} no longer.`);
    });

  const tokens = program
    .command('tokens')
    .description('Tokens for what runs without you: of a project, or with --mine yours');

  tokens
    .command('list')
    .description('Show all; never the tokens themselves')
    .option('--mine', 'yours')
    .action(async ({ mine }: { mine?: boolean }, command: Command) => {
      const { api, json, project } = openSession(command);
      const items = await all((query) =>
        mine
          ? api.GET('/v1/tokens', { params: { query } })
          : api.GET('/v1/projects/{project}/tokens', { params: { path: { project: project() }, query } }),
      );
      if (json) return sayJson(items);
      const rows = items.map((each) => [
        each.id,
        each.name,
        each.role,
        ago(each.expiresAt),
        ago(each.lastUsedAt),
      ]);
      return table(['ID', 'NAME', 'ROLE', 'EXPIRES', 'USED'], rows);
    });

  tokens
    .command('create')
    .argument('<name>', 'what it is for')
    .description('Make one; it is shown this once')
    .option('--role <role>', 'the most that it may do', 'developer')
    .option('--expires <time>', 'how long it is good for', '30d')
    .option('--envs <names...>', 'the only environments that it is good for')
    .option('--mine', 'one that acts for you in every project')
    .action(async (name: string, { role, expires, envs, mine }: TokenOptions, command: Command) => {
      const { api, json, project } = openSession(command);
      const request = {
        name,
        role,
        ...(expires !== undefined && { expiresIn: expires }),
        ...(envs !== undefined && { environments: envs }),
      };
      const made = await body(
        mine
          ? api.POST('/v1/tokens', { body: request })
          : api.POST('/v1/projects/{project}/tokens', {
              params: { path: { project: project() } },
              body: request,
            }),
      );
      if (json) return sayJson(made);
      note(`Token ${made.id}, good until ${made.expiresAt}. Keep it now: nobody can show it again.`);
      return say(made.token);
    });

  tokens
    .command('revoke')
    .argument('<id>', 'as `berth tokens list` shows it')
    .description('End one at once')
    .option('--mine', 'one of yours')
    .action(async (token: string, { mine }: { mine?: boolean }, command: Command) => {
      const { api, project } = openSession(command);
      if (mine) await api.DELETE('/v1/tokens/{token}', { params: { path: { token } } });
      else {
        const path = { project: project(), token };
        await api.DELETE('/v1/projects/{project}/tokens/{token}', { params: { path } });
      }
    });
}
