/** `figures`: the four figures of DORA, and what is used and fails. */
import type { Command } from 'commander';
import type { DoraFigures } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { note, say, sayJson, table } from '../../output.ts';
import { openSession } from '../../session.ts';

type Of = DoraFigures['all'];

/** `3 min`, `2.5 h`, `4.0 d` */
function spanned(seconds: number | null): string {
  if (seconds === null) return 'too few';
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

const row = (of: string, { deployments, leadTime, changeFailures, timeToRestore }: Of): string[] => [
  of,
  `${deployments.perDay.toFixed(2)} a day (n ${deployments.n})`,
  `${spanned(leadTime.medianSeconds)} (n ${leadTime.n})`,
  `${changeFailures.rate === null ? 'too few' : `${Math.round(changeFailures.rate * 100)} %`} (${changeFailures.failed} of ${changeFailures.n})`,
  `${spanned(timeToRestore.medianSeconds)} (n ${timeToRestore.n}${timeToRestore.open > 0 ? `, ${timeToRestore.open} open` : ''})`,
];

export function addFigures(program: Command): void {
  program
    .command('figures')
    .description('Show how deliveries do by the four figures of DORA, what is used, and where it fails')
    .option('--days <number>', 'how many days back, 30 or 90', '30')
    .action(async ({ days }: { days: string }, command: Command) => {
      const { api, json, project } = openSession(command);
      const params = { path: { project: project() }, query: { days } };
      const found = await body(api.GET('/v1/projects/{project}/figures', { params }));
      if (json) return sayJson(found);
      table(
        ['OF', 'DEPLOYMENTS', 'LEAD TIME', 'FAILED CHANGES', 'TIME TO RESTORE'],
        [
          row('all', found.all),
          ...found.services.map((one) => row(`service ${one.service}`, one)),
          ...found.classes.map((one) => row(`${one.class} environments`, one)),
        ],
      );
      say();
      table(
        ['WHAT', 'HOW OFTEN', 'BY', 'FAILS WITH'],
        found.use.map(({ noun, counts, actors, failures }) => [
          noun,
          Object.entries(counts)
            .map(([verb, count]) => `${count} ${verb}`)
            .join(', '),
          String(actors),
          failures
            .slice(0, 3)
            .map(({ code, n }) => `${code} ${n}`)
            .join(', '),
        ]),
      );
      return note(
        `From ${found.from.slice(0, 10)} to ${found.to.slice(0, 10)}. Lead time is from the commit, of versions built from git; rates and medians are of five at least.`,
      );
    });
}
