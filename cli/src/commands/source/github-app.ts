/** `github-app`: which projects may connect to which repositories by the GitHub App, for those who run Berth. */
import type { Command } from 'commander';
import { body } from '../../api.ts';
import { Failure } from '../../failure.ts';
import { note, say, sayJson, table } from '../../output.ts';
import { openSession } from '../../session.ts';

const PATH = '/v1/github-app';

/** Changes the list, unless somebody else has changed it since it was read. */
async function change(command: Command, repository: string, isAllowed: boolean): Promise<void> {
  const { api, json, project } = openSession(command);
  const rule = { project: project(), repository };
  const { data, response } = await api.GET(PATH);
  const etag = response.headers.get('etag');
  const isOther = (other: typeof rule): boolean =>
    other.project !== rule.project || other.repository !== rule.repository;
  const others = (data?.items ?? []).filter(isOther);
  if (!isAllowed && others.length === data?.items.length)
    throw new Failure(
      `There is no rule that lets "${rule.project}" use ${rule.repository}.`,
      'List the rules: berth github-app show',
    );
  const answer = await body(
    api.PUT(PATH, {
      params: { header: etag === null ? {} : { 'If-Match': etag } },
      body: { items: isAllowed ? [...others, rule] : others },
    }),
  );
  if (json) sayJson(answer);
  else note(isAllowed ? `"${rule.project}" may connect to ${rule.repository}.` : 'The rule is gone.');
}

export function addGitHubApp(program: Command): void {
  const app = program
    .command('github-app')
    .description('Which projects may connect to which repositories by the GitHub App');

  app
    .command('show')
    .description('Show the App and all rules')
    .action(async (_: unknown, command: Command) => {
      const { api, json } = openSession(command);
      const answer = await body(api.GET(PATH));
      if (json) return sayJson(answer);
      if (answer.origin === undefined) note('No GitHub App is registered with this Berth.');
      else say(`App of ${answer.origin}; its webhook delivers to ${api.server}${answer.hook}`);
      return table(
        ['PROJECT', 'REPOSITORY'],
        answer.items.map(({ project, repository }) => [project, repository]),
      );
    });

  app
    .command('allow')
    .argument('<repository>', "owner/repository, where * stands for any text: 'octo/shop-*'")
    .description('Let the project that --project names connect to it')
    .action((repository: string, _: unknown, command: Command) => change(command, repository, true));

  app
    .command('forbid')
    .argument('<repository>', 'as the rule has it')
    .description('Take the rule away; what is connected by it stops at its next use')
    .action((repository: string, _: unknown, command: Command) => change(command, repository, false));
}
