/** `import`: what another platform calls a service, as Score files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Import } from '../../../../client/types.generated.ts';
import { all, body } from '../../api.ts';
import { filesOf } from '../../archive.ts';
import { nameOf } from '../../names.ts';
import { note, paint, plain, say, sayJson, shellWord } from '../../output.ts';
import { openSession, type Session } from '../../session.ts';
import { writeFiles } from './written-files.ts';

const MANIFEST =
  /(?:^|\/)copilot\/(?:\.workspace|[^/]+\/manifest\.ya?ml|[^/]+\/addons\/[^/]+\.ya?ml|environments\/[^/]+\/manifest\.ya?ml)$|^(?:app\.json|Procfile)$|(?:^|\/)(?:docker-)?compose\.ya?ml$/;
const TEXT_MAX_BYTES = 256 * 1024;
const FILES_MAX = 300;

interface ImportOptions {
  force?: boolean;
  print?: boolean;
}

export function addImport(program: Command): void {
  program
    .command('import')
    .argument('[folder]', 'where the manifests are; this folder by default', '.')
    .description('Write score.yaml files from AWS Copilot, Heroku or Compose, and say what is left to do')
    .option('--force', 'write over files that are there')
    .option('--print', 'print them and write nothing')
    .addHelpText(
      'after',
      '\nReads copilot/*/manifest.yml with addons, app.json and Procfile, or a Compose file. Of files of variables it sends the names, and never the values.\nExamples:\n  berth import\n  berth import --print ./shop',
    )
    .action(async (folder: string, options: ImportOptions, command: Command) => {
      const session = openSession(command);
      const at = resolve(folder);
      const found = await body(
        session.api.POST('/v1/imports', { body: { name: nameOf(at), files: manifestsIn(at) } }),
      );
      if (!options.print)
        writeFiles(at, found.files, { force: options.force === true, command: 'berth import' });
      if (session.json) return sayJson(found);
      if (options.print) for (const { path, text } of found.files) say(`# ${plain(path)}\n${plain(text)}`);
      else for (const { path } of found.files) note(`${plain(path)} is written.`);
      tell(found, await linkFirst(session));
      return undefined;
    });
}

function manifestsIn(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const path of filesOf(folder)) {
    if (!MANIFEST.test(path) || statSync(join(folder, path)).size > TEXT_MAX_BYTES) continue;
    if (Object.keys(files).length < FILES_MAX) files[path] = readFileSync(join(folder, path), 'utf8');
  }
  for (const path of variablesIn(folder)) {
    if (Object.keys(files).length < FILES_MAX)
      files[path] = namesIn(readFileSync(join(folder, path), 'utf8'));
  }
  return files;
}

/** Files of variables, at the top and one folder below. */
function variablesIn(folder: string): string[] {
  const isVariables = (name: string) => /^\.env(?:\.|$)|\.env$/.test(name);
  const isSmall = (path: string) => {
    const found = statSync(join(folder, path), { throwIfNoEntry: false });
    return found?.isFile() === true && found.size <= TEXT_MAX_BYTES;
  };
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (!entry.isDirectory()) return isVariables(entry.name) ? [entry.name] : [];
      if (entry.name === 'node_modules' || entry.name === '.git') return [];
      const names = readdirSync(join(folder, entry.name)).filter(isVariables);
      return names.map((name) => `${entry.name}/${name}`);
    })
    .filter(isSmall);
}

/** The names of a file of variables, each with an empty value: values do not leave this machine. */
export function namesIn(text: string): string {
  const names: string[] = [];
  let open: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (open !== undefined) {
      if (line.includes(open)) open = undefined;
      continue;
    }
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    names.push(`${name}=\n`);
    const [quote = ''] = value;
    // A value in quotes may go on in the lines below, which are no names.
    if (/["'`]/.test(quote) && !value.slice(1).replaceAll(`\\${quote}`, '').includes(quote)) open = quote;
  }
  return names.join('');
}

/** The command that says where the next ones work; undefined where that is known. */
async function linkFirst({ api, link }: Session): Promise<string | undefined> {
  if (link.project !== undefined && link.environment !== undefined) return undefined;
  const projects = await all((query) => api.GET('/v1/projects', { params: { query } }));
  const only = projects.length === 1 ? projects[0]?.name : undefined;
  const project = link.project ?? only ?? '<project>';
  return `berth link --project ${project} --env ${link.environment ?? 'dev'}`;
}

const KINDS = { edit: 'To change', set: 'To set', note: 'To know' } as const;

function tell({ services, variables, secrets, left }: Import, first: string | undefined): void {
  for (const kind of ['edit', 'set', 'note'] as const) {
    const items = left.filter((each) => each.kind === kind);
    if (items.length === 0) continue;
    note(paint(kind === 'edit' ? 'yellow' : 'bold', `${KINDS[kind]}:`, process.stderr));
    for (const { of, what, todo } of items) note(`  ${plain(of)}: ${plain(what)}. ${plain(todo)}`);
  }
  if (first !== undefined) note(`Say where, once for this folder:\n  ${plain(first)}`);
  note('Next, in each environment:');
  for (const { path, environment } of variables)
    note(
      `  berth config import ${plain(path)}${environment === undefined ? '' : ` --env ${plain(environment)}`}`,
    );
  for (const { name, was } of secrets) note(`  berth secrets set ${plain(name)}   # ${plain(was)}`);
  for (const { name, folder, jobs } of services) {
    note(`  berth up --service ${plain(name)}${folder === '' ? '' : ` --path ${plain(folder)}`}`);
    for (const { name: job, schedule, command, timeout, retries } of jobs) {
      const options = `${timeout === undefined ? '' : ` --timeout ${timeout}`}${retries === undefined ? '' : ` --retries ${retries}`}`;
      note(
        `  berth jobs set ${plain(job)} --service ${plain(name)} --schedule '${plain(schedule)}'${options} -- ${plain(command.map(shellWord).join(' '))}`,
      );
    }
  }
}
