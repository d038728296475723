/** `connect`, `connection`, `deliveries` and `previews`: a repository whose pushes and pull requests Berth follows. */
import { execFileSync } from 'node:child_process';
import type { Command } from 'commander';
import type { Connection, Delivery, Preview } from '../../../client/types.generated.ts';
import { all, body } from '../api.ts';
import { Failure } from '../failure.ts';
import { ago, note, say, sayJson, table } from '../output.ts';
import { confirm, readInput } from '../prompt.ts';
import { openSession } from '../session.ts';

const SERVICE = '/v1/projects/{project}/services/{service}';
const CONNECTION = `${SERVICE}/connection` as const;
const DELIVERIES = `${SERVICE}/deliveries` as const;

const collect = (value: string, before: string[]): string[] => [...before, value];

interface ConnectOptions {
  provider?: Connection['provider'];
  api?: string;
  path?: string;
  rule: string[];
  watch: string[];
  previews?: string;
  ttl?: string;
  idleAfter?: string;
  withData?: boolean;
  token?: boolean;
  app?: boolean;
}

/** The address that git clones without a key, of the folder's own origin. */
function originOfFolder(): string {
  let url = '';
  try {
    url = execFileSync('git', ['remote', 'get-url', 'origin'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    throw new Failure(
      'This folder has no git remote "origin".',
      'Name the repository: berth connect https://github.com/octo/shop.git',
    );
  }
  const [, host, path] = /^(?:ssh:\/\/)?(?:[\w-]+@)([\w.-]+)[:/](.+)$/.exec(url) ?? [];
  return host === undefined ? url : `https://${host}/${path}`;
}

/** @throws Failure where the host does not say which provider it is */
function providerOf(repository: string): Connection['provider'] {
  const known = (['github', 'gitlab', 'gitea'] as const).find((name) => repository.includes(`${name}.`));
  if (known) return known;
  throw new Failure(
    `The address of ${repository} does not tell what it runs.`,
    'Say it: --provider github, gitlab or gitea',
  );
}

function ruleOf(text: string): { branch: string; environment: string } {
  const at = text.lastIndexOf('=');
  if (at > 0 && at < text.length - 1) return { branch: text.slice(0, at), environment: text.slice(at + 1) };
  throw new Failure(`"${text}" is no rule.`, 'Such as: --rule main=dev');
}

export function addGit(program: Command): void {
  program
    .command('connect')
    .argument('[repository]', 'what git clones; the origin of this folder by default')
    .description('Build and deploy what is pushed to a repository, or change how')
    .option('--provider <name>', 'github, gitlab or gitea; known by the address of most')
    .option('--rule <branch=environment>', 'where a branch is deployed; may be given again', collect, [])
    .option('--watch <paths>', 'build pushes that change these alone, as packages/api/**', collect, [])
    .option('--path <folder>', 'the folder that is built')
    .option('--previews <environment>', 'give pull requests environments that begin as this one')
    .option('--ttl <time>', 'destroy a preview this long after its newest commit: 3d')
    .option('--idle-after <time>', 'let a preview sleep after this long without a request: 30m')
    .option('--with-data', 'let its databases begin with the masked data of that environment')
    .option('--api <url>', "where the provider's API is, where not at its usual place")
    .option('--token', 'read a token from standard input: for private source, statuses and comments')
    .option('--app', 'by the GitHub App of this Berth, in place of a token')
    .addHelpText(
      'after',
      '\nExamples:\n  berth connect --app --rule main=dev\n  printf %s "$TOKEN" | berth connect --rule main=dev --previews dev --token',
    )
    .action(async (named: string | undefined, options: ConnectOptions, command: Command) => {
      const { api, json, service } = openSession(command);
      const repository = named ?? originOfFolder();
      const { previews: base, ttl, idleAfter, withData, path } = options;
      if (options.token && process.stdin.isTTY) note('Type the token, then Ctrl-D:');
      const answer = await body(
        api.PUT(CONNECTION, {
          params: { path: service() },
          body: {
            provider: options.provider ?? providerOf(repository),
            repository,
            rules: options.rule.map(ruleOf),
            ...(options.watch.length > 0 && { watch: options.watch }),
            ...(path !== undefined && { path }),
            ...(options.api !== undefined && { api: options.api }),
            ...(base !== undefined && {
              previews: {
                base,
                ...(ttl !== undefined && { ttl }),
                ...(idleAfter !== undefined && { idleAfter }),
                ...(withData && { withData }),
              },
            }),
            ...(options.app && { app: true }),
            ...(options.token && { token: (await readInput()).trim() }),
          },
        }),
      );
      if (json) sayJson(answer);
      else explain(answer, api.server);
    });
  addConnection(program);
  addDeliveries(program);
  addPreviews(program);
}

/** What is left to do at the provider. */
function explain({ hook, secret, repository, app }: Connection & { secret?: string }, server: string): void {
  if (app) {
    note(`${repository} is connected by the GitHub App, which delivers pushes and pull requests by itself.`);
    return;
  }
  if (secret === undefined) {
    note(`${repository} is connected as you say.`);
    return;
  }
  note('Set up a webhook at the provider, as JSON, for pushes and pull requests:');
  say(`URL     ${server}${hook}`);
  say(`Secret  ${secret}`);
  note('The secret is not shown again.');
}

function addConnection(program: Command): void {
  const connection = program.command('connection').description('How a service is connected to a repository');

  connection
    .command('show')
    .description('Show it')
    .action(async (_: unknown, command: Command) => {
      const { api, json, service } = openSession(command);
      const answer = await body(api.GET(CONNECTION, { params: { path: service() } }));
      if (json) return sayJson(answer);
      say(`${answer.repository} (${answer.provider}${answer.app ? ', by the GitHub App' : ''})`);
      for (const { branch, environment } of answer.rules) say(`${branch} -> ${environment}`);
      if (answer.previews) say(`pull requests -> previews as ${answer.previews.base}`);
      if (answer.appTrouble) note(`The GitHub App can not be used: ${answer.appTrouble}`);
      if (answer.failure) note(`The provider is not told: ${answer.failure.reason}`);
      if (answer.deploymentsRefused) note(`GitHub shows no deployments: ${answer.deploymentsRefused}`);
      return undefined;
    });

  connection
    .command('rotate')
    .description('Make a new secret for the webhook; the one before is good for a day')
    .action(async (_: unknown, command: Command) => {
      const { api, json, service } = openSession(command);
      const answer = await body(api.POST(`${CONNECTION}/rotate`, { params: { path: service() } }));
      if (json) sayJson(answer);
      else explain(answer, api.server);
    });

  connection
    .command('remove')
    .description('Disconnect the service')
    .action(async (_: unknown, command: Command) => {
      const { api, yes, service } = openSession(command);
      const path = service();
      await confirm('What is pushed is then built no more.', path.service, yes);
      await api.DELETE(CONNECTION, { params: { path } });
    });
}

const row = ({ number, at, event, commit, environment, state, reason, error }: Delivery) => [
  `#${number}`,
  ago(at),
  event,
  commit?.slice(0, 12),
  environment,
  state,
  reason ?? error?.cause,
];

const HEAD = ['NUMBER', 'WHEN', 'EVENT', 'COMMIT', 'ENVIRONMENT', 'STATE', 'WHY'];

function addDeliveries(program: Command): void {
  const deliveries = program
    .command('deliveries')
    .description('What the provider of the repository delivered');

  deliveries
    .command('list')
    .description('Show the latest')
    .action(async (_: unknown, command: Command) => {
      const { api, json, service } = openSession(command);
      const { items } = await body(api.GET(DELIVERIES, { params: { path: service() } }));
      if (json) sayJson(items);
      else table(HEAD, items.map(row));
    });

  deliveries
    .command('redeliver')
    .argument('<number>')
    .description('Do once more what one asked for')
    .action(async (delivery: string, _: unknown, command: Command) => {
      const { api, json, service } = openSession(command);
      const path = { ...service(), delivery: delivery.replace(/^#/, '') };
      const answer = await body(api.POST(`${DELIVERIES}/{delivery}/redeliver`, { params: { path } }));
      if (json) sayJson(answer);
      else table(HEAD, [row(answer)]);
    });
}

const previewRow = (url: (preview: Preview) => string | undefined) => (preview: Preview) => [
  preview.service,
  `#${preview.number}`,
  preview.state,
  preview.commit.slice(0, 12),
  preview.environment,
  url(preview) ?? preview.error?.cause,
];

function addPreviews(program: Command): void {
  const previews = program.command('previews').description('Environments of pull requests');

  previews
    .command('list')
    .description('Show all of a project')
    .action(async (_: unknown, command: Command) => {
      const { api, json, project } = openSession(command);
      const path = { project: project() };
      const items = await all((query) =>
        api.GET('/v1/projects/{project}/previews', { params: { path, query } }),
      );
      if (json) sayJson(items);
      else
        table(
          ['SERVICE', 'NUMBER', 'STATE', 'COMMIT', 'ENVIRONMENT', ''],
          items.map(previewRow(({ url }) => url)),
        );
    });

  previews
    .command('approve')
    .argument('<number>', 'of the pull request')
    .argument('<commit>', 'in full; look at it before')
    .description('Let one commit of a fork be built, with what its preview sees')
    .action(async (number: string, commit: string, _: unknown, command: Command) => {
      const { api, json, service } = openSession(command);
      const path = { ...service(), pullRequest: number.replace(/^#/, '') };
      const answer = await body(
        api.POST(`${SERVICE}/previews/{pullRequest}/approve`, { params: { path }, body: { commit } }),
      );
      if (json) sayJson(answer);
      else table(HEAD, [row(answer)]);
    });
}
