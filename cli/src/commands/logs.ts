/** `logs` and `events`. */
import { type Command, Option } from 'commander';
import type { Event, LogLine } from '../../../client/types.generated.ts';
import { all, body } from '../api.ts';
import { Failure } from '../failure.ts';
import { note, paint, plain, say, sayJson } from '../output.ts';
import { openSession, type Session } from '../session.ts';

interface LogOptions {
  follow?: boolean;
  lines: string;
  since?: string;
  search?: string;
  level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  deployment?: string;
  container?: string;
  process?: string;
  environmentId?: string;
  run?: string;
  all?: boolean;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time, or how long ago: `10m`. @returns ISO 8601 */
export function timeOf(text: string): string {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count !== undefined) {
    return new Date(Date.now() - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]).toISOString();
  }
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new Failure(`"${text}" is no time.`, 'Such as 10m, 2h or 2026-01-31T08:00:00Z.');
  return new Date(time).toISOString();
}

function queryOf(options: LogOptions) {
  const { search, level, deployment, container, since, lines, environmentId } = options;
  return {
    tail: lines,
    ...(since !== undefined && { since: timeOf(since) }),
    ...(search !== undefined && { search }),
    ...(level !== undefined && { level }),
    ...(deployment !== undefined && { deployment: deployment.replace(/^#/, '') }),
    ...(container !== undefined && { container }),
    ...(environmentId !== undefined && { environmentId }),
  };
}

function sayLine(line: LogLine, json: boolean): void {
  if (json) {
    say(JSON.stringify(line));
    return;
  }
  const severe = line.level === 'error' || line.level === 'fatal';
  const text = plain(line.message);
  const head = paint('dim', `${line.at.slice(11, 23)} ${line.source === 'berth' ? 'berth ' : ''}`);
  const names = [line.service, line.process].filter((name) => name !== undefined).join(' ');
  const from = names === '' ? '' : `${paint('dim', names)} `;
  say(`${head}${from}${severe ? paint('red', text) : line.missing ? paint('yellow', text) : text}`);
}

/** Where the lines are that are asked for. */
function logPath({ instance, environment }: Session, { run, all }: LogOptions): string {
  if (run !== undefined) return `/v1/operations/${encodeURIComponent(run)}/logs`;
  const at = all ? environment() : instance();
  const service = 'service' in at ? `/services/${at.service}` : '';
  return `/v1/projects/${at.project}/environments/${at.environment}${service}/logs`;
}

/** A signal that Ctrl-C gives: following ends without an error then. */
function untilInterrupted(): AbortSignal {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  return stop.signal;
}

export function addLogs(program: Command): void {
  program
    .command('logs')
    .description('Show what a service prints; with --json, a JSON object a line')
    .option('-f, --follow', 'go on with new lines')
    .option('-n, --lines <count>', 'how many at most', '100')
    .option('--since <time>', 'only from then on: 10m, 2h, or a time')
    .option('--search <text>', 'only lines that hold these words and fields: timeout -health @level:error')
    .option('--all', 'of all services of the environment')
    .addOption(new Option('--level <level>', 'only lines that are as severe at least').choices([...LEVELS]))
    .option('--deployment <number>', 'only lines of this one')
    .option('--container <name>', 'only lines of this one')
    .option('--process <name>', 'only lines of this process of the service: web, worker')
    .option('--environment-id <id>', 'of an environment that was destroyed: berth env list --destroyed')
    .option('--run <id>', 'what a run or a build printed: berth runs, berth operations list')
    .addHelpText(
      'after',
      '\nExamples:\n  berth logs -f\n  berth logs --process worker\n  berth logs --since 1h --level error --json\n  berth logs --all --search "checkout @http.status:>=500"',
    )
    .action(async (options: LogOptions, command: Command) => {
      const session = openSession(command);
      const { api, json, instance, environment } = session;
      const query = queryOf(options);
      const { run, all: isAll, process: ofProcess } = options;
      if (ofProcess !== undefined && (isAll || run !== undefined))
        throw new Failure('--process is of one service: it goes with neither --all nor --run.');
      const queryOfService = { ...query, ...(ofProcess !== undefined && { process: ofProcess }) };
      if (options.follow) {
        const told = ({ data }: { data: unknown }) => sayLine(data as LogLine, json);
        const path = `${logPath(session, options)}?${new URLSearchParams(queryOfService)}`;
        return api.follow(path, told, untilInterrupted(), run !== undefined);
      }
      const { items } = await body(
        run !== undefined
          ? api.GET('/v1/operations/{operation}/logs', { params: { path: { operation: run }, query } })
          : isAll
            ? api.GET('/v1/projects/{project}/environments/{environment}/logs', {
                params: { path: environment(), query },
              })
            : api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/logs', {
                params: { path: instance(), query: queryOfService },
              }),
      );
      for (const line of items) sayLine(line, json);
      if (items.length === 0 && !json) note('There are no such lines.');
      return undefined;
    });

  program
    .command('events')
    .description('Show what happened in a project, the newest last')
    .option('-f, --follow', 'go on with what happens')
    .option('-n, --limit <count>', 'how many at most', '20')
    .action(async (options: { follow?: boolean; limit: string }, command: Command) => {
      const { api, json, project } = openSession(command);
      const path = { project: project() };
      const events = await all(
        (query) => api.GET('/v1/projects/{project}/events', { params: { path, query } }),
        Number(options.limit),
      );
      if (json && !options.follow) return sayJson(events);
      for (const event of events.reverse()) sayEvent(event, json);
      if (!options.follow) return undefined;
      const told = ({ data }: { data: unknown }) => sayEvent(data as Event, json);
      return api.follow(`/v1/projects/${path.project}/events`, told, untilInterrupted(), false);
    });
}

function sayEvent(event: Event, json: boolean): void {
  if (json) {
    say(JSON.stringify(event));
    return;
  }
  const about = [event.service, event.environment].filter((each) => each !== undefined).join(' in ');
  say(`${paint('dim', event.at)} ${event.type.padEnd(26)} ${plain(about).padEnd(24)} ${plain(event.actor)}`);
}
