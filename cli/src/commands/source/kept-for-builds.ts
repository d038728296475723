/** `build-secrets` and `registries`: what the builds of a project are given, of which no value is ever shown. */
import type { Command } from 'commander';
import { body } from '../../api.ts';
import { ago, sayJson, table } from '../../output.ts';
import { readSecret } from '../../prompt.ts';
import { openSession } from '../../session.ts';

const BUILD_SECRET = '/v1/projects/{project}/build-secrets/{secret}';

function addBuildSecrets(program: Command): void {
  const secrets = program
    .command('build-secrets')
    .description('Secrets that builds of a project see, for private registries');

  secrets
    .command('list')
    .description('Show names; values are never shown')
    .action(async (_: unknown, command: Command) => {
      const { api, json, project } = openSession(command);
      const path = { project: project() };
      const { items } = await body(api.GET('/v1/projects/{project}/build-secrets', { params: { path } }));
      if (json) sayJson(items);
      else
        table(
          ['NAME', 'CHANGED', 'BY'],
          items.map((each) => [each.name, ago(each.updatedAt), each.updatedBy]),
        );
    });

  secrets
    .command('set')
    .argument('<name>')
    .description('Set one to what standard input says')
    .addHelpText('after', '\nExample:\n  printf %s "$TOKEN" | berth build-secrets set NPM_TOKEN')
    .action(async (name: string, _: unknown, command: Command) => {
      const { api, project } = openSession(command);
      const value = await readSecret();
      await api.PUT(BUILD_SECRET, {
        params: { path: { project: project(), secret: name } },
        body: { value },
      });
    });

  secrets
    .command('unset')
    .argument('<name>')
    .description('Remove one')
    .action(async (name: string, _: unknown, command: Command) => {
      const { api, project } = openSession(command);
      await api.DELETE(BUILD_SECRET, { params: { path: { project: project(), secret: name } } });
    });
}

const REGISTRY = '/v1/projects/{project}/registries/{registry}';

function addRegistries(program: Command): void {
  const registries = program
    .command('registries')
    .description('Passwords of a project for the registries that images of others are in');

  registries
    .command('list')
    .description('Show hosts and users; passwords are never shown')
    .action(async (_: unknown, command: Command) => {
      const { api, json, project } = openSession(command);
      const path = { project: project() };
      const { items } = await body(api.GET('/v1/projects/{project}/registries', { params: { path } }));
      if (json) sayJson(items);
      else
        table(
          ['REGISTRY', 'USER', 'CHANGED', 'BY'],
          items.map((each) => [each.registry, each.username, ago(each.updatedAt), each.updatedBy]),
        );
    });

  registries
    .command('set')
    .argument('<registry>', 'its host, such as ghcr.io')
    .requiredOption('--username <name>', 'who signs in there')
    .description('Set the password of a registry to what standard input says')
    .addHelpText(
      'after',
      '\nExample:\n  printf %s "$TOKEN" | berth registries set ghcr.io --username acme-bot',
    )
    .action(async (registry: string, { username }: { username: string }, command: Command) => {
      const { api, project } = openSession(command);
      const password = await readSecret();
      await api.PUT(REGISTRY, {
        params: { path: { project: project(), registry } },
        body: { username, password },
      });
    });

  registries
    .command('unset')
    .argument('<registry>')
    .description('Remove the password of a registry')
    .action(async (registry: string, _: unknown, command: Command) => {
      const { api, project } = openSession(command);
      await api.DELETE(REGISTRY, { params: { path: { project: project(), registry } } });
    });
}

export function addKeptForBuilds(program: Command): void {
  addBuildSecrets(program);
  addRegistries(program);
}
