/** `domains`: hosts of one's own that lead to a service. */
import type { Command } from 'commander';
import type { Domain } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { note, plain, say, sayJson, table } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';

const PATH = '/v1/projects/{project}/environments/{environment}/domains';
const DOMAIN = `${PATH}/{domain}` as const;

const at = ({ environment }: Session, domain: string) => ({ path: { ...environment(), domain } });

/** What is to be set in the DNS while it is not proven, and how it stands. */
function show(domain: Domain): void {
  if (domain.provenAt === undefined)
    table(
      ['TYPE', 'NAME', 'VALUE'],
      domain.records.map(({ type, name, value }) => [type, name, value]),
    );
  say(plain(domain.message));
}

export function addDomains(program: Command): void {
  const domains = program.command('domains').description('Hosts of your own that lead to a service');

  domains
    .command('list')
    .description('Show those of the environment, and how each does')
    .action(async (_: unknown, command: Command) => {
      const { api, json, environment } = openSession(command);
      const { items } = await body(api.GET(PATH, { params: { path: environment() } }));
      if (json) return sayJson(items);
      return table(
        ['NAME', 'SERVICE', 'STATE', ''],
        items.map(({ name, service, state, message }) => [name, service, state, message]),
      );
    });

  domains
    .command('add')
    .argument('<domain>', 'such as www.example.com')
    .description('Add one to the service; shows the DNS record that proves it')
    .action(async (name: string, _: unknown, command: Command) => {
      const { api, json, instance } = openSession(command);
      const { service, ...path } = instance();
      const added = await body(api.POST(PATH, { params: { path }, body: { name, service } }));
      if (json) sayJson(added);
      else show(added);
    });

  domains
    .command('check')
    .argument('<domain>')
    .description('Look at its DNS now')
    .action(async (name: string, _: unknown, command: Command) => {
      const session = openSession(command);
      const seen = await body(session.api.POST(`${DOMAIN}/check`, { params: at(session, name) }));
      if (session.json) sayJson(seen);
      else show(seen);
    });

  domains
    .command('remove')
    .argument('<domain>')
    .description('Serve one no more; it is free for whoever proves it next')
    .action(async (name: string, _: unknown, command: Command) => {
      const session = openSession(command);
      await session.api.DELETE(DOMAIN, { params: at(session, name) });
      note(`${name} is removed.`);
    });
}
