/** `operations`: what is under way and what was; `approve` and `reject`. */
import type { Command } from 'commander';
import { all, body } from '../api.ts';
import { Failure } from '../failure.ts';
import { finish } from '../follow.ts';
import { ago, lasted, note, plain, say, sayJson, table } from '../output.ts';
import { openSession } from '../session.ts';

export function addOperations(program: Command): void {
  const operations = program
    .command('operations')
    .description('What is under way in a project, and what was');

  operations
    .command('list')
    .description('Show the newest')
    .option('-n, --limit <count>', 'how many at most', '20')
    .action(async ({ limit }: { limit: string }, command: Command) => {
      const { api, json, project } = openSession(command);
      const path = { project: project() };
      const items = await all(
        (query) => api.GET('/v1/projects/{project}/operations', { params: { path, query } }),
        Number(limit),
      );
      if (json) return sayJson(items);
      const rows = items.map((each) => [
        each.id,
        each.kind,
        each.environment,
        each.service,
        each.status,
        ago(each.createdAt),
        each.createdBy,
      ]);
      return table(['ID', 'KIND', 'ENVIRONMENT', 'SERVICE', 'STATUS', 'WHEN', 'BY'], rows);
    });

  operations
    .command('show')
    .argument('<id>')
    .description('Show one: its steps, and why it failed')
    .action(async (id: string, _: unknown, command: Command) => {
      const { api, json } = openSession(command);
      const operation = await body(
        api.GET('/v1/operations/{operation}', { params: { path: { operation: id } } }),
      );
      if (json) return sayJson(operation);
      say(`${operation.kind} ${operation.id}: ${operation.status}`);
      for (const { name, status, durationMs } of operation.steps) {
        say(
          `  ${name.padEnd(26)} ${status.padEnd(10)} ${durationMs === undefined ? '' : lasted(durationMs)}`,
        );
      }
      const { error } = operation;
      if (error) say(`${plain(error.cause)}\n${plain(error.hint)}`);
      return undefined;
    });

  operations
    .command('watch')
    .argument('<id>')
    .description('Follow one to its end')
    .action(async (id: string, _: unknown, command: Command) => {
      const session = openSession(command);
      const path = { operation: id };
      await finish(session, await body(session.api.GET('/v1/operations/{operation}', { params: { path } })));
    });

  operations
    .command('cancel')
    .argument('<id>')
    .description('Cancel a build, a deployment or a run; what served before goes on serving')
    .action(async (id: string, _: unknown, command: Command) => {
      const { api, json } = openSession(command);
      const path = { operation: id };
      const operation = await body(api.POST('/v1/operations/{operation}/cancel', { params: { path } }));
      if (json) sayJson(operation);
      else note('It is asked to stop.');
    });

  const decide = (name: 'approve' | 'reject', description: string) =>
    program
      .command(name)
      .argument('<number>', 'of the deployment, as `berth releases` shows it')
      .description(description)
      .action(async (text: string, _: unknown, command: Command) => {
        const { api, json, instance } = openSession(command);
        const number = text.replace(/^#/, '');
        if (!/^[1-9]\d*$/.test(number))
          throw new Failure(`"${text}" is no number of a deployment.`, 'They are in: berth releases');
        const answer = await body(
          api.POST(
            `/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/${name}` as const,
            { params: { path: { ...instance(), number } } },
          ),
        );
        if (json) sayJson(answer);
        else note(name === 'approve' ? 'Approved: it goes on.' : 'Rejected: it will not be deployed.');
      });
  decide('approve', 'Let a deployment go on that waits for a second person');
  decide('reject', 'Refuse a deployment that waits for a second person');
}
