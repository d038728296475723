/** `jobs`: commands that run beside a service by a schedule. */
import { type Command, Option } from 'commander';
import type { Job } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import type { WaitOption } from '../../follow.ts';
import { ago, note, sayJson, table } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';
import { followRun, wordsOf } from './runs.ts';

interface JobOptions {
  schedule: string;
  zone?: string;
  timeout?: string;
  overlap?: Job['overlap'];
  retries?: string;
  wakes?: boolean;
  process?: string;
}

const JOB = '/v1/projects/{project}/environments/{environment}/services/{service}/jobs/{job}';

/** How it stands, in a few words. */
function standing({ suspended, running, missed, last }: Job): string {
  if (suspended) return 'suspended';
  if (running.length > 0) return 'running';
  if (missed) return `missed: ${missed.reason}`;
  if (!last) return '';
  return last.exitCode === undefined || last.exitCode === 0
    ? last.status
    : `${last.status}, exit code ${last.exitCode}`;
}

const at = ({ instance }: Session, job: string) => ({ path: { ...instance(), job } });

export function addJobs(program: Command): void {
  const jobs = program.command('jobs').description('Commands that run beside a service by a schedule');

  jobs
    .command('list')
    .description('Show all, and how the last run of each ended')
    .action(async (_: unknown, command: Command) => {
      const { api, json, instance } = openSession(command);
      const { items } = await body(
        api.GET('/v1/projects/{project}/environments/{environment}/services/{service}/jobs', {
          params: { path: instance() },
        }),
      );
      if (json) return sayJson(items);
      const rows = items.map((job) => [
        job.name,
        job.schedule,
        job.timeZone,
        job.nextAt === undefined ? '' : ago(job.nextAt),
        standing(job),
        job.process ?? '',
        job.command.join(' '),
      ]);
      return table(['NAME', 'SCHEDULE', 'ZONE', 'NEXT', 'LAST', 'PROCESS', 'COMMAND'], rows);
    });

  jobs
    .command('set')
    .argument('<name>')
    .argument('<command...>', 'its words, after --')
    .description('Set one, or set it anew; `berth runs --job` shows what it ran')
    .requiredOption('--schedule <fields>', 'minute, hour, day of the month, month, day of the week')
    .option('--zone <name>', 'the time zone of the schedule, such as Europe/Berlin; UTC without it')
    .option('--timeout <time>', 'how long a run may take, up to 4h; 1h without it')
    .addOption(
      new Option('--overlap <rule>', 'when it is due and its last run goes on').choices(['forbid', 'allow']),
    )
    .option('--retries <count>', 'how often a run that failed is tried again')
    .option('--process <name>', 'with the variables of this process, such as worker; of web without it')
    .option('--wakes', 'wake an environment that sleeps; without it the job sleeps too')
    .addHelpText(
      'after',
      "\nExample:\n  berth jobs set nightly --schedule '30 2 * * *' --zone Europe/Berlin -- node report.js",
    )
    .action(async (name: string, words: string[], options: JobOptions, command: Command) => {
      const session = openSession(command);
      const { schedule, zone, timeout, overlap, retries, wakes, process: beside } = options;
      const job = await body(
        session.api.PUT(JOB, {
          params: at(session, name),
          body: {
            schedule,
            command: wordsOf(words),
            ...(zone !== undefined && { timeZone: zone }),
            ...(timeout !== undefined && { timeout }),
            ...(overlap !== undefined && { overlap }),
            ...(retries !== undefined && { retries: Number(retries) }),
            ...(wakes !== undefined && { wakes }),
            ...(beside !== undefined && { process: beside }),
          },
        }),
      );
      if (session.json) sayJson(job);
      else note(`${name} runs next ${ago(job.nextAt)}.`);
    });

  const change = (name: 'suspend' | 'resume', description: string, done: string) =>
    jobs
      .command(name)
      .argument('<name>')
      .description(description)
      .action(async (job: string, _: unknown, command: Command) => {
        const session = openSession(command);
        const suspended = name === 'suspend';
        const changed = await body(session.api.PATCH(JOB, { params: at(session, job), body: { suspended } }));
        if (session.json) sayJson(changed);
        else note(`${job} ${done}.`);
      });
  change('suspend', 'Have one not run by its schedule any more', 'is suspended');
  change('resume', 'Have one run by its schedule again', 'runs by its schedule again');

  jobs
    .command('run')
    .argument('<name>')
    .description('Run one now; its schedule stays as it is')
    .option('--no-wait', 'start it and come back at once')
    .action(async (name: string, options: WaitOption, command: Command) => {
      const session = openSession(command);
      const started = await body(session.api.POST(`${JOB}/runs`, { params: at(session, name) }));
      await followRun(session, started, options);
    });

  jobs
    .command('delete')
    .argument('<name>')
    .description('Delete one; a run that is under way goes on')
    .action(async (name: string, _: unknown, command: Command) => {
      const session = openSession(command);
      await session.api.DELETE(JOB, { params: at(session, name) });
      note(`${name} is deleted.`);
    });
}
