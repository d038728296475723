/** `masking`: how data are changed before they are seen in a copy of an environment. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Masking } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { Failure } from '../../failure.ts';
import { note, sayJson, table } from '../../output.ts';
import { readInput } from '../../prompt.ts';
import { openSession, type Session } from '../../session.ts';

const MASKING = '/v1/projects/{project}/masking';

type Rules = Masking['rules'];

/** Changes the rules in one step, unless somebody else has changed them in the meantime. */
async function changeRules(session: Session, change: (rules: Rules) => Rules): Promise<void> {
  const path = { project: session.project() };
  const { data, response } = await session.api.GET(MASKING, { params: { path } });
  const etag = response.headers.get('etag');
  const changed = await body(
    session.api.PUT(MASKING, {
      params: { path, header: etag === null ? {} : { 'If-Match': etag } },
      body: { rules: change(data?.rules ?? []) },
    }),
  );
  if (session.json) sayJson(changed.rules);
}

export function addMasking(program: Command): void {
  const masking = program
    .command('masking')
    .description('How data are changed that are copied to other environments');

  masking
    .command('list')
    .description('Show the statements for each database')
    .action(async (_: unknown, command: Command) => {
      const session = openSession(command);
      const path = { project: session.project() };
      const { rules } = await body(session.api.GET(MASKING, { params: { path } }));
      if (session.json) return sayJson(rules);
      if (rules.length === 0) return note('There are none: data are copied as they are.');
      return table(
        ['DATABASE', 'SQL'],
        rules.map(({ resource, sql }) => [resource, sql === '' ? 'nothing to mask' : sql]),
      );
    });

  masking
    .command('set')
    .argument('<database>', 'its uid: postgres.default#web.db')
    .argument('[file]', 'a file of SQL; - for standard input')
    .option('--nothing', 'there is nothing to mask in it: it is copied as it is')
    .description('Set the statements for a database, and leave the others')
    .addHelpText(
      'after',
      '\nExamples:\n  berth masking set postgres.default#web.db mask.sql\n  berth masking set postgres.default#web.cache --nothing\n\nThe databases of an environment and their uids: berth env show <name>',
    )
    .action(
      async (
        resource: string,
        file: string | undefined,
        { nothing }: { nothing?: true },
        command: Command,
      ) => {
        if ((file === undefined) !== (nothing === true))
          throw new Failure(
            'Either a file of SQL or --nothing says how a database is masked.',
            `berth masking set ${resource} mask.sql`,
          );
        const session = openSession(command);
        const sql = file === undefined ? '' : file === '-' ? await readInput() : readFileSync(file, 'utf8');
        if (file !== undefined && sql.trim() === '')
          throw new Failure(
            'The SQL is empty.',
            `Where there is nothing to mask: berth masking set ${resource} --nothing`,
          );
        await changeRules(session, (rules) => [
          ...rules.filter((rule) => rule.resource !== resource),
          { resource, sql },
        ]);
        if (!session.json)
          note('Copies from now on are masked by it. With any rule, databases without one are not copied.');
      },
    );

  masking
    .command('unset')
    .argument('<database>', 'its uid')
    .description('Remove the rule of a database')
    .action(async (resource: string, _: unknown, command: Command) => {
      const session = openSession(command);
      let isLast = false;
      await changeRules(session, (rules) => {
        const others = rules.filter((rule) => rule.resource !== resource);
        if (others.length === rules.length)
          throw new Failure(
            `There is no rule for "${resource}".`,
            'Those that there are: berth masking list',
          );
        isLast = others.length === 0;
        return others;
      });
      if (!session.json)
        note(
          isLast
            ? 'There is no rule left: data are copied as they are, but for those of protected environments.'
            : 'It is not copied any more.',
        );
    });
}
