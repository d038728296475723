/** `traces` and `trace`: how requests went through the services of an environment. */
import { type Command, Option } from 'commander';
import { nestedSpans } from '../../../../client/nested-spans.ts';
import { took } from '../../../../client/took.ts';
import type { Span, TraceDetails } from '../../../../client/types.generated.ts';
import { all, body } from '../../api.ts';
import { note, paint, plain, say, sayJson, table } from '../../output.ts';
import { openSession } from '../../session.ts';
import { timeOf } from '../logs.ts';

interface ListOptions {
  all?: boolean;
  order: 'newest' | 'slowest' | 'failing';
  failed?: boolean;
  min?: string;
  since?: string;
  limit: string;
}

const WIDTH = 30;
const DEPTH_SHOWN = 12;

function bar({ offsetMs, durationMs }: Span, wholeMs: number): string {
  const at = (ms: number): number => (wholeMs === 0 ? 0 : Math.floor((ms / wholeMs) * WIDTH));
  const from = Math.min(at(offsetMs), WIDTH - 1);
  const length = Math.max(1, Math.min(WIDTH - from, at(offsetMs + durationMs) - from));
  return `${' '.repeat(from)}${'━'.repeat(length)}`.padEnd(WIDTH);
}

function sayTrace(trace: TraceDetails): void {
  const when = trace.startedAt.replace('T', ' ').replace('Z', '');
  const errors = trace.errors > 0 ? paint('red', `, ${trace.errors} failed`) : '';
  say(
    `${plain(trace.name)} in ${trace.service}, ${when}, ${took(trace.durationMs)}, ${trace.spans} ${trace.spans === 1 ? 'span' : 'spans'}${errors}`,
  );
  const rows = nestedSpans(trace.items).map(({ span, depth }) => ({
    span,
    words: `${'  '.repeat(Math.min(depth, DEPTH_SHOWN))}${plain(span.name)}`,
    whose: span.from === 'router' ? `${span.service} (router)` : span.service,
  }));
  const wide = Math.max(...rows.map(({ words }) => words.length));
  const whoseWide = Math.max(...rows.map(({ whose }) => whose.length));
  for (const { span, words, whose } of rows) {
    const failed = span.status === 'error';
    const line = `${words.padEnd(wide)}  ${bar(span, trace.durationMs)}  ${took(span.durationMs).padStart(9)}`;
    const why = failed ? `  ${plain(span.statusMessage ?? 'failed').replaceAll(/\s*\n\s*/g, ' ')}` : '';
    say(`${paint('dim', whose.padEnd(whoseWide))}  ${failed ? paint('red', line + why) : line}`);
  }
  note(`Its lines: berth logs --all --search '${trace.logs.search}' --since ${trace.logs.since}`);
}

export function addTraces(program: Command): void {
  program
    .command('traces')
    .description('List the traces of requests to a service, the newest first')
    .option('--all', 'of all services of the environment')
    .addOption(
      new Option('--order <order>', 'which come first')
        .choices(['newest', 'slowest', 'failing'])
        .default('newest'),
    )
    .option('--failed', 'only those in which something failed')
    .option('--min <milliseconds>', 'only those that took as long at least')
    .option('--since <time>', 'only from then on: 10m, 2h, or a time')
    .option('-n, --limit <count>', 'how many at most', '20')
    .addHelpText(
      'after',
      '\nExamples:\n  berth traces --order slowest\n  berth traces --all --failed --since 1h',
    )
    .action(async (options: ListOptions, command: Command) => {
      const { api, json, instance, environment } = openSession(command);
      const { order, failed, min, since } = options;
      const { project, environment: name, ...rest } = options.all ? environment() : instance();
      const path = { project, environment: name };
      const filter = {
        order,
        ...('service' in rest && { service: String(rest.service) }),
        ...(failed && { failed: 'true' as const }),
        ...(min !== undefined && { minDuration: min }),
        ...(since !== undefined && { since: timeOf(since) }),
      };
      const traces = await all(
        (query) =>
          api.GET('/v1/projects/{project}/environments/{environment}/traces', {
            params: { path, query: { ...filter, ...query } },
          }),
        Number(options.limit),
      );
      if (json) return sayJson(traces);
      if (traces.length === 0) return note('There are no such traces.');
      return table(
        ['Trace', 'Began', 'Took', 'Spans', 'Failed', 'What', 'Services'],
        traces.map((trace) => [
          trace.id,
          trace.startedAt.slice(0, 19).replace('T', ' '),
          took(trace.durationMs),
          String(trace.spans),
          trace.errors > 0 ? String(trace.errors) : '',
          trace.name,
          trace.services.join(', '),
        ]),
      );
    });

  program
    .command('trace <id>')
    .description('Show the spans of a trace, and how long each took')
    .action(async (id: string, _options: object, command: Command) => {
      const { api, json, environment } = openSession(command);
      const trace = await body(
        api.GET('/v1/projects/{project}/environments/{environment}/traces/{trace}', {
          params: { path: { ...environment(), trace: id } },
        }),
      );
      return json ? sayJson(trace) : sayTrace(trace);
    });
}
