/** `eject`: what serves, as Kubernetes manifests that need no Berth. */
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Manifests } from '../../../../client/types.generated.ts';
import { body } from '../../api.ts';
import { note, paint, plain, say, sayJson } from '../../output.ts';
import { openSession } from '../../session.ts';
import { writeFiles } from './written-files.ts';

interface EjectOptions {
  all?: boolean;
  namespace?: string;
  registry?: string;
  force?: boolean;
  print?: boolean;
}

export function addEject(program: Command): void {
  program
    .command('eject')
    .argument('[folder]', 'where the manifests are written', 'manifests')
    .description('Write what serves as plain Kubernetes manifests, which run without Berth')
    .option('--all', 'all services of the environment, not this one alone')
    .option('--namespace <name>', 'the namespace that they are for')
    .option(
      '--registry <address>',
      'where the cluster will pull images from, such as registry.example.com/team',
    )
    .option('--force', 'write over files that are there')
    .option('--print', 'print them and write nothing')
    .addHelpText(
      'after',
      '\nNo value of a secret is in them: the places where one has to be written are listed, and so is all that stays here.\nExamples:\n  berth eject --env production\n  berth eject --all --registry registry.example.com/team && kubectl apply -R -f manifests',
    )
    .action(async (folder: string, options: EjectOptions, command: Command) => {
      const session = openSession(command);
      const { namespace, registry } = options;
      const query = {
        ...(!options.all && { service: session.instance().service }),
        ...(namespace !== undefined && { namespace }),
        ...(registry !== undefined && { registry }),
      };
      const found = await body(
        session.api.GET('/v1/projects/{project}/environments/{environment}/manifests', {
          params: { path: session.environment(), query },
        }),
      );
      if (!options.print)
        writeFiles(resolve(folder), found.files, { force: options.force === true, command: 'berth eject' });
      if (session.json) return sayJson(found);
      if (options.print) for (const { path, text } of found.files) say(`# ${plain(path)}\n${plain(text)}---`);
      else for (const { path } of found.files) note(`${plain(join(folder, path))} is written.`);
      return tell(found);
    });
}

function tell({ secrets, left }: Manifests): void {
  for (const { file, secret, key, placeholders } of secrets)
    note(
      `${paint('yellow', 'Secret:', process.stderr)} ${plain(`${file}: write the value of ${placeholders.join(', ')} into ${key} of ${secret}.`)}`,
    );
  for (const { what, todo } of left)
    note(`${paint('yellow', 'Left:', process.stderr)} ${plain(what)}\n  ${plain(todo)}`);
}
