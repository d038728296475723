/** `init`: a score.yaml to begin with, from what the folder shows. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { body } from '../../api.ts';
import { filesOf } from '../../archive.ts';
import { Failure } from '../../failure.ts';
import { nameOf } from '../../names.ts';
import { note, say, sayJson } from '../../output.ts';
import { openSession } from '../../session.ts';
import { tellEditor } from './editor.ts';

/** Files whose text says something. */
const READ = [
  'package.json',
  'Procfile',
  'pnpm-lock.yaml',
  'yarn.lock',
  'Dockerfile',
  'requirements.txt',
  'go.mod',
  'Gemfile',
  '.env.example',
  '.env.sample',
  '.env.template',
];
const TEXT_MAX_BYTES = 256 * 1024;
const FILES_MAX = 10_000;

interface InitOptions {
  force?: boolean;
  print?: boolean;
  vscode?: boolean;
}

export function addInit(program: Command): void {
  program
    .command('init')
    .argument('[folder]', 'the source; this folder by default', '.')
    .description('Write a score.yaml by looking at the source, and explain it')
    .option('--force', 'write it anew where there is one')
    .option('--print', 'print it and write nothing')
    .option('--vscode', 'have VS Code know the file, also where the folder has no .vscode yet')
    .action(async (folder: string, options: InitOptions, command: Command) => {
      const session = openSession(command);
      const at = resolve(folder);
      const path = join(at, 'score.yaml');
      if (existsSync(path) && !options.force && !options.print) {
        throw new Failure(`${path} is there already.`, 'Write it anew: berth init --force');
      }
      const files = filesOf(at).slice(0, FILES_MAX);
      const read = READ.filter(
        (name) => files.includes(name) && statSync(join(at, name)).size <= TEXT_MAX_BYTES,
      );
      const texts = Object.fromEntries(read.map((name) => [name, readFileSync(join(at, name), 'utf8')]));
      const name = session.link.service ?? nameOf(at);
      const found = await body(session.api.POST('/v1/detections', { body: { name, files, texts } }));
      if (session.json) return sayJson(found);
      note(`Detected: ${found.detected}`);
      for (const each of found.notes) note(`  ${each}`);
      if (options.print) say(found.score.trimEnd());
      else writeFileSync(path, found.score);
      if (!options.print) tellEditor(at, session.api.server, options.vscode);
      for (const reason of found.reasons) note(reason);
      if (!options.print)
        note(
          `${path} is written. What else it takes: docs/reference/score.md of Berth, or ${session.api.server}/v1/schemas/score.json. Next: berth up`,
        );
      return undefined;
    });
}
