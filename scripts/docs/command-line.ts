/** The reference of the command line, from the declarations of its commands. */
import type { Command } from 'commander';
import { createProgram } from '../../cli/src/program.ts';

const escaped = (text: string): string => text.replaceAll('|', '\\|');

function options(command: Command): string[] {
  const rows = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description, defaultValue }) => {
      const shown = typeof defaultValue === 'string' ? ` (${defaultValue} by default)` : '';
      return `| \`${escaped(flags)}\` | ${escaped(description)}${shown} |`;
    });
  return rows.length === 0 ? [] : ['', '| option | |', '|---|---|', ...rows];
}

function section(command: Command, path: string): string[] {
  if (command.name().startsWith('_')) return [];
  const name = `${path} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((each) => section(each, name));
  const words = command.registeredArguments.map((each) => {
    const shown = each.variadic ? `${each.name()}...` : each.name();
    return each.required ? `<${shown}>` : `[${shown}]`;
  });
  const explained = command.registeredArguments
    .filter(({ description }) => description !== '')
    .map((each) => `| \`${each.name()}\` | ${escaped(each.description)} |`);
  return [
    `## ${[name, ...words].join(' ')}`,
    '',
    `${command.description()}.`,
    ...(explained.length === 0 ? [] : ['', '| argument | |', '|---|---|', ...explained]),
    ...options(command),
    '',
  ];
}

/** The whole of docs/reference/command-line.md. */
export function commandLinePage(): string {
  const program = createProgram('');
  return [
    '<!-- Made from cli/src by `npm run generate`; do not edit. -->',
    '',
    '# The command line',
    '',
    'How to get it, and the way of a service with it: [Use the command line](../how-to/use-the-command-line.md).',
    '',
    'Results go to standard output, progress and remarks to standard error. With `--json` a result is JSON, and an error',
    'is one line of JSON with `message`, `hint` and `code`.',
    '',
    '| exit code | |',
    '|---|---|',
    '| 0 | done |',
    '| 1 | refused, or not understood: nothing has begun |',
    '| 2 | of `plan` and `diff`: there are changes |',
    '| 3 | it began, and it failed |',
    '| 4 | nobody is signed in, or not long enough any more |',
    '| 5 | no answer came from the server |',
    '| 130 | you pressed Ctrl-C: what was started goes on |',
    '',
    'Every command takes these:',
    ...options(program),
    '',
    ...program.commands.flatMap((each) => section(each, 'berth')),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
