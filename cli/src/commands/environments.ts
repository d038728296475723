/** `env`: environments. `projects`: what they belong to. */
import type { Command } from 'commander';
import { all, body } from '../api.ts';
import { Failure } from '../failure.ts';
import { finish, type WaitOption } from '../follow.ts';
import { ago, note, say, sayJson, table } from '../output.ts';
import { confirm } from '../prompt.ts';
import { openSession } from '../session.ts';
import { labelsOf } from './places.ts';
import { addCloning } from './running/cloning.ts';

const ENVIRONMENTS = '/v1/projects/{project}/environments';
const DESTROYED = '/v1/projects/{project}/destroyed-environments';
const ENVIRONMENT = `${ENVIRONMENTS}/{environment}` as const;

interface CreateOptions extends WaitOption {
  ephemeral?: boolean;
  ttl?: string;
  idleAfter?: string;
  place?: string;
  placeLabel?: string[];
}

interface HoursOptions {
  days?: string;
  from?: string;
  to?: string;
  zone?: string;
  none?: boolean;
}

/** What is not said of office hours that are set. */
const EVERY_WORKDAY = { days: 'mon-fri', from: '08:00', to: '19:00' };
const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function addEnvironments(program: Command): void {
  const env = program.command('env').description('Environments of a project');
  const named = (command: Command) => {
    const name = command.args[0];
    const session = openSession(command);
    return {
      session,
      path: name === undefined ? session.environment() : { project: session.project(), environment: name },
    };
  };

  env
    .command('list')
    .description('Show all')
    .option('--destroyed', 'those that were destroyed and whose output is kept')
    .action(async ({ destroyed }: { destroyed?: boolean }, command: Command) => {
      const { api, json, project } = openSession(command);
      const path = { project: project() };
      if (destroyed) {
        const gone = await all((query) => api.GET(DESTROYED, { params: { path, query } }));
        if (json) return sayJson(gone);
        const rows = gone.map((each) => [each.name, each.id, ago(each.destroyedAt), ago(each.keptUntil)]);
        return table(['NAME', 'ID', 'DESTROYED', 'OUTPUT KEPT UNTIL'], rows);
      }
      const items = await all((query) => api.GET(ENVIRONMENTS, { params: { path, query } }));
      if (json) return sayJson(items);
      const rows = items.map((each) => [
        each.name,
        each.state,
        each.kind,
        each.placement,
        each.idleAfter,
        ago(each.expiresAt),
        ago(each.destroyAt),
      ]);
      return table(['NAME', 'STATE', 'KIND', 'PLACE', 'IDLE AFTER', 'EXPIRES', 'DESTROYED'], rows);
    });

  env
    .command('show')
    .argument('[name]')
    .description('Show one with its resources')
    .action(async (_: string | undefined, __: unknown, command: Command) => {
      const { session, path } = named(command);
      const environment = await body(session.api.GET(ENVIRONMENT, { params: { path } }));
      if (session.json) return sayJson(environment);
      for (const [member, value] of Object.entries(environment)) {
        if (typeof value !== 'object') say(`${member.padEnd(14)} ${value}`);
      }
      const { services, resources } = await body(
        session.api.GET(`${ENVIRONMENT}/inventory`, { params: { path } }),
      );
      for (const { service } of services) say(`${'service'.padEnd(14)} ${service}`);
      for (const { uid } of resources) say(`${'resource'.padEnd(14)} ${uid}`);
      return undefined;
    });

  env
    .command('create')
    .argument('<name>')
    .description('Create one')
    .option('--ephemeral', 'it hibernates after an hour and expires after 7 days, unless told otherwise')
    .option('--ttl <time>', 'have it sleep this long from now, and be destroyed three days later: 2d')
    .option('--idle-after <time>', 'hibernate it after this long without a request: 30m')
    .option('--place <name>', 'where it runs; the default place without it')
    .option('--place-label <key=value...>', 'where it runs, by labels that one place alone has')
    .option('--no-wait', 'start it and come back at once')
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const session = openSession(command);
      const { ephemeral, ttl, idleAfter, place, placeLabel } = options;
      const placement = place ?? (placeLabel && { labels: labelsOf(placeLabel) });
      const started = await body(
        session.api.POST(ENVIRONMENTS, {
          params: { path: { project: session.project() } },
          body: {
            name,
            ...(ephemeral && { kind: 'ephemeral' as const }),
            ...(ttl !== undefined && { ttl }),
            ...(idleAfter !== undefined && { idleAfter }),
            ...(placement !== undefined && { placement }),
          },
        }),
      );
      await finish(session, started, options);
    });

  addCloning(env);

  const verb = (name: 'sleep' | 'wake', route: 'hibernate' | 'wake', description: string) =>
    env
      .command(name)
      .argument('[name]')
      .description(description)
      .option('--no-wait', 'start it and come back at once')
      .action(async (_: string | undefined, options: WaitOption, command: Command) => {
        const { session, path } = named(command);
        const started = await body(
          session.api.POST(`${ENVIRONMENT}/${route}` as const, { params: { path } }),
        );
        await finish(session, started, options);
      });
  verb('sleep', 'hibernate', 'Stop its workloads and keep their data');
  verb('wake', 'wake', 'Start again what ran before it slept');

  env
    .command('extend')
    .argument('[name]')
    .requiredOption('--by <time>', 'how much longer it lives: 2d')
    .description('Put off the time at which it expires, or bring it back when it has')
    .action(async (_: string | undefined, { by }: { by: string }, command: Command) => {
      const { session, path } = named(command);
      const { expiresAt } = await body(session.api.GET(ENVIRONMENT, { params: { path } }));
      if (expiresAt === undefined)
        throw new Failure(
          `${path.environment} has no end: it stays until somebody destroys it, so there is nothing to put off.`,
          'One that ends by itself is made so: berth env create <name> --ttl 2d',
        );
      const answer = await body(
        session.api.POST(`${ENVIRONMENT}/extend`, { params: { path }, body: { by } }),
      );
      if (session.json) sayJson(answer);
      else {
        say(`${path.environment} expires ${ago(answer.expiresAt)}.`);
        if (answer.state === 'hibernated')
          say(`It sleeps; to wake it now: berth env wake -p ${path.project} ${path.environment}`);
      }
    });

  env
    .command('hours')
    .argument('[name]')
    .description('Show or set its office hours, outside of which it sleeps')
    .option('--days <days>', 'days of the week: mon-fri')
    .option('--from <time>', 'when it is woken: 08:00')
    .option('--to <time>', 'when it is put to sleep: 19:00')
    .option('--zone <zone>', 'their time zone: Europe/Berlin')
    .option('--none', 'take them away')
    .action(async (_: string | undefined, options: HoursOptions, command: Command) => {
      const { session, path } = named(command);
      const { api, json } = session;
      const { none, ...set } = options;
      const before = (await body(api.GET(ENVIRONMENT, { params: { path } }))).officeHours;
      const isSet = none || Object.keys(set).length > 0;
      const officeHours = none ? null : { ...EVERY_WORKDAY, zone: ownZone(), ...before, ...set };
      const environment = isSet
        ? await body(api.PATCH(ENVIRONMENT, { params: { path }, body: { officeHours } }))
        : undefined;
      const hours = environment ? environment.officeHours : before;
      if (!hours) {
        if (json) sayJson({});
        else say(`${path.environment} has no office hours.`);
        return;
      }
      const { turns } = await body(
        api.GET('/v1/projects/{project}/office-hours-preview', { params: { path, query: hours } }),
      );
      if (json) return sayJson({ officeHours: hours, turns });
      say(`${path.environment} is awake ${hours.days} ${hours.from} to ${hours.to}, ${hours.zone}.`);
      return table(
        ['AT', '', 'IT IS'],
        turns.map(({ at, state }) => [at, ago(at), state]),
      );
    });

  env
    .command('destroy')
    .argument('[name]')
    .description('Destroy it with all that is in it, data too')
    .option('--no-wait', 'start it and come back at once')
    .action(async (_: string | undefined, options: WaitOption, command: Command) => {
      const { session, path } = named(command);
      const { services, resources, secrets } = await body(
        session.api.GET(`${ENVIRONMENT}/inventory`, { params: { path } }),
      );
      const isEmpty = services.length + resources.length + secrets.length === 0;
      for (const { service } of services) note(`  service ${service}`);
      for (const { uid, size } of resources) note(`  ${uid}${size === undefined ? '' : ` (${size})`}`);
      for (const { name } of secrets) note(`  secret ${name}`);
      const what = isEmpty ? ', in which there is nothing' : ' with all of that';
      await confirm(`This destroys ${path.environment}${what}.`, path.environment, session.yes);
      const started = await body(session.api.DELETE(ENVIRONMENT, { params: { path } }));
      await finish(session, started, options);
    });

  addProjects(program);
}

function addProjects(program: Command): void {
  const projects = program.command('projects').description('Projects that you are let into');

  projects
    .command('list')
    .description('Show all')
    .action(async (_: unknown, command: Command) => {
      const { api, json } = openSession(command);
      const items = await all((query) => api.GET('/v1/projects', { params: { query } }));
      if (json) sayJson(items);
      else
        table(
          ['NAME', 'CREATED', 'BY'],
          items.map((each) => [each.name, ago(each.createdAt), each.createdBy]),
        );
    });

  projects
    .command('create')
    .argument('<name>')
    .description('Create one')
    .action(async (name: string, _: unknown, command: Command) => {
      const { api, json } = openSession(command);
      const made = await body(api.POST('/v1/projects', { body: { name } }));
      if (json) sayJson(made);
      else say(made.name);
    });
}
