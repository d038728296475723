/** `gameday`: makes an environment fail on purpose, and tells what its users would have seen. */
import type { Command } from 'commander';
import type { Fault } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { Failure } from '../../failure.ts';
import { finish, type WaitOption } from '../../follow.ts';
import { lasted, plain, say, table } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';

interface GameDayOptions extends WaitOption {
  for: string;
  kill?: boolean;
  delay?: string;
  abort?: string;
  slowDb?: string;
  cutDb?: boolean;
  stopAt?: string;
}

/** @throws Failure when nothing is to fail */
function faultsOf(options: GameDayOptions, { instance, link }: Session): Fault[] {
  const { service } = link;
  const faults: Fault[] = [
    ...(options.kill ? [{ type: 'kill' as const, ...(service !== undefined && { service }) }] : []),
    ...(options.delay === undefined
      ? []
      : [{ type: 'delay' as const, service: instance().service, delayMs: Number(options.delay) }]),
    ...(options.abort === undefined
      ? []
      : [{ type: 'abort' as const, service: instance().service, percent: Number(options.abort) }]),
    ...(options.slowDb === undefined
      ? []
      : [{ type: 'slow-database' as const, delayMs: Number(options.slowDb) }]),
    ...(options.cutDb ? [{ type: 'cut-database' as const }] : []),
  ];
  if (faults.length === 0) throw new Failure('What shall fail?', 'Such as: berth gameday --kill');
  return faults;
}

/** What users saw in a part of it. */
interface Seen {
  requests: number;
  errors: number;
  p50Ms: number;
  p99Ms: number;
}

/** The `result` of the operation. */
interface Report {
  from: string;
  until: string;
  stoppedEarly: boolean;
  services: {
    service: string;
    before?: Seen;
    during?: Seen;
    after?: Seen;
    missing?: string;
    restarts: number;
    ready: boolean;
    reason?: string;
  }[];
}

const PARTS = ['before', 'during', 'after'] as const;

function sayReport({ from, until, stoppedEarly, services }: Report): void {
  const took = lasted(Date.parse(until) - Date.parse(from));
  say(`It took ${took}${stoppedEarly ? ', and ended early: too many requests failed' : ''}.`);
  const rows = services.flatMap((each) =>
    PARTS.flatMap((part) => {
      const seen = each[part];
      if (!seen) return [];
      const share = seen.requests === 0 ? 0 : (100 * seen.errors) / seen.requests;
      const failed = seen.errors === 0 ? '0' : `${seen.errors} (${share.toFixed(1)} %)`;
      const times =
        seen.requests === 0 ? ['', ''] : [seen.p50Ms, seen.p99Ms].map((ms) => `${Math.round(ms)} ms`);
      return [[each.service, part, String(seen.requests), failed, ...times]];
    }),
  );
  if (rows.length > 0) table(['SERVICE', 'WHEN', 'REQUESTS', 'FAILED', 'P50', 'P99'], rows);
  for (const { service, missing, restarts, ready, reason, ...seen } of services) {
    const started = `${restarts} ${restarts === 1 ? 'replica was' : 'replicas were'} started since it began`;
    const is = ready
      ? 'all replicas are ready'
      : `not all replicas are ready${reason ? `: ${plain(reason)}` : ''}`;
    say(`${service}: ${started}; ${is}.`);
    if (missing !== undefined) say(`${service}: there are no figures of requests: ${plain(missing)}`);
    else if (PARTS.every((part) => !seen[part]?.requests)) say(`${service}: no request came.`);
  }
}

export function addGameDay(program: Command): void {
  program
    .command('gameday')
    .description(
      'Make things fail in an environment for a while, on purpose, and report what users would have seen',
    )
    .option('--for <time>', 'how long, 10s to 10m', '30s')
    .option('--kill', 'end a replica, as a crash does; of --service, or of any')
    .option('--delay <ms>', 'let requests to --service wait')
    .option('--abort <percent>', 'answer so many of a hundred requests to --service with 503')
    .option('--slow-db <ms>', 'let statements on tables wait')
    .option('--cut-db', 'end all connections to databases')
    .option('--stop-at <percent>', 'end it early once so many of a hundred requests have failed')
    .option('--no-wait', 'start it and come back at once')
    .addHelpText('after', '\nExample:\n  berth gameday --env pr-12 --kill --slow-db 300 --for 1m')
    .action(async (options: GameDayOptions, command: Command) => {
      const session = openSession(command);
      const path = session.environment();
      const started = await body(
        session.api.POST('/v1/projects/{project}/environments/{environment}/gamedays', {
          params: { path },
          body: {
            duration: options.for,
            faults: faultsOf(options, session),
            ...(options.stopAt !== undefined && { stopAtErrorPercent: Number(options.stopAt) }),
          },
        }),
      );
      const ended = await finish(session, started, options);
      if (options.wait !== false && !session.json) sayReport(ended.result as unknown as Report);
    });
}
