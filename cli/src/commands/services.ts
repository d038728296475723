/** `ps`, `scale`, `restart`, `start`, `stop`, `remove` and `open`. */
import type { Command } from 'commander';
import type { Instance, Operation } from '../../../client/types.generated.ts';
import { body } from '../api.ts';
import { Failure } from '../failure.ts';
import { finish, type WaitOption } from '../follow.ts';
import { ago, note, say, sayJson, table } from '../output.ts';
import { confirm, isInteractive } from '../prompt.ts';
import { openSession } from '../session.ts';
import { openInBrowser } from '../sign-in.ts';

const INSTANCE = '/v1/projects/{project}/environments/{environment}/services/{service}';

/** The first line of what Berth says of it: below that is what the program printed. */
const inShort = (status: string): string =>
  (status.split('\n', 1)[0] ?? '').replace(/ Its (?:output says|last output):$/, '');

interface Counted {
  ready: number;
  desired: number;
}

const row = (
  { environment, service, status, current }: Instance,
  process: string,
  { ready, desired }: Counted,
  url?: string,
) => [
  environment,
  service,
  process,
  inShort(status),
  `${ready}/${desired}`,
  current?.revision?.tag ?? current?.version,
  ago(current?.createdAt),
  url,
];

const HEAD = ['ENVIRONMENT', 'SERVICE', 'PROCESS', 'STATE', 'READY', 'VERSION', 'DEPLOYED', 'URL'];

/** A line for each service and each process of one; without the column of processes where no service has some. */
function sayInstances(instances: readonly Instance[]): void {
  const rows = instances.flatMap((instance) => [
    row(instance, instance.process ?? 'web', instance.replicas, instance.url),
    ...(instance.processes ?? []).map((process) => row(instance, process.name, process)),
  ]);
  const isPlain = instances.every(
    ({ process, processes }) => process === undefined && processes === undefined,
  );
  const told = <Cell>(cells: readonly Cell[]): Cell[] => cells.filter((_, at) => !(isPlain && at === 2));
  table(told(HEAD), rows.map(told));
}

/** What `berth scale` is told: numbers, each of a process, or of web where it names none. */
function scaleOf(texts: readonly string[]) {
  const numbers = texts.map((text): [string, number | null] => {
    const [, process = 'web', number = ''] = /^(?:([^=]+)=)?(auto|\d+)$/.exec(text) ?? [];
    if (number === '')
      throw new Failure(
        `"${text}" is no number of replicas.`,
        'Such as: berth scale 3, or berth scale worker=2',
      );
    return [process, number === 'auto' ? null : Number(number)];
  });
  const processes = Object.fromEntries(numbers.filter(([process]) => process !== 'web'));
  const [, replicas] = numbers.find(([process]) => process === 'web') ?? [];
  return {
    ...(replicas !== undefined && { replicas }),
    ...(Object.keys(processes).length > 0 && { processes }),
  };
}

export function addServices(program: Command): void {
  program
    .command('ps')
    .description('Show what runs in an environment, or in all of a project')
    .option('--all', 'all services of the project, whatever this folder is linked to')
    .action(async ({ all }: { all?: boolean }, command: Command) => {
      const { api, json, link, project } = openSession(command);
      const path = { project: project() };
      const { instances } = await body(api.GET('/v1/projects/{project}/overview', { params: { path } }));
      const wanted = instances.filter(
        ({ environment, service }) =>
          all || ((link.environment ?? environment) === environment && (link.service ?? service) === service),
      );
      if (json) return sayJson(wanted);
      if (wanted.length === 0) {
        note('Nothing is deployed there. Deploy something: berth up; see what else runs: berth ps --all');
        return undefined;
      }
      return sayInstances(wanted);
    });

  const verb = (name: 'restart' | 'start' | 'stop', description: string) =>
    program
      .command(name)
      .description(description)
      .option('--no-wait', 'start it and come back at once')
      .action(async (options: WaitOption, command: Command) => {
        const session = openSession(command);
        const path = session.instance();
        const started = await body(session.api.POST(`${INSTANCE}/${name}` as const, { params: { path } }));
        await finish(session, started, options);
      });
  verb('restart', 'Restart a service, with secrets and variables as they are now, without a lost request');
  verb('start', 'Start a service that was stopped');
  verb('stop', 'Stop a service until it is started or deployed');

  program
    .command('scale')
    .argument('<replicas...>', '1 to 20, or `auto` for what score.yaml says; with a process: worker=2')
    .description('Set how many replicas a service and its processes have')
    .option('--no-wait', 'start it and come back at once')
    .addHelpText(
      'after',
      '\nExample:\n  berth scale 3 --env production --service web\n  berth scale worker=2 clock=0',
    )
    .action(async (texts: string[], options: WaitOption, command: Command) => {
      const session = openSession(command);
      const path = session.instance();
      const started = await body(
        session.api.PUT(`${INSTANCE}/scale`, { params: { path }, body: scaleOf(texts) }),
      );
      await finish(session, started, options);
    });

  program
    .command('remove')
    .description('Remove a service from an environment, with the databases and volumes that it alone uses')
    .option('--no-wait', 'start it and come back at once')
    .action(async (options: WaitOption, command: Command) => {
      const session = openSession(command);
      const path = session.instance();
      await confirm(
        `This removes ${path.service} from ${path.environment} with its databases and volumes.`,
        path.service,
        session.yes,
      );
      const started: Operation = await body(session.api.DELETE(INSTANCE, { params: { path } }));
      await finish(session, started, options);
    });

  program
    .command('open')
    .description('Open a service in the browser, or show its address')
    .action(async (_: unknown, command: Command) => {
      const { api, json, instance } = openSession(command);
      const path = instance();
      const { url } = await body(api.GET(INSTANCE, { params: { path } }));
      if (json) return sayJson({ url });
      if (url === undefined) throw new Failure(`${path.service} takes no requests: it has no service port.`);
      say(url);
      if (isInteractive()) openInBrowser(url);
      return undefined;
    });
}
