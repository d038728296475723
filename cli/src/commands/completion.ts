/** `completion`: what a shell asks while one types. */
import type { Command, Option } from 'commander';
import { say } from '../output.ts';

/** Each asks `berth __complete` with the words so far. */
const scripts = {
  bash: `_berth() { mapfile -t COMPREPLY < <(compgen -W "$(berth __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"); }
complete -o default -F _berth berth`,
  zsh: `#compdef berth
_berth() { compadd -- \${(f)"$(berth __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)"} }
compdef _berth berth`,
  fish: `complete -c berth -f -a '(berth __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
} as const;

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .description('Print the completion of a shell')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(berth completion bash)\n  berth completion fish > ~/.config/fish/completions/berth.fish',
    )
    .action((shell: string, _: unknown, command: Command) => {
      if (!(shell in scripts))
        command.error(`error: there is no completion for "${shell}": bash, zsh or fish`);
      say(scripts[shell as keyof typeof scripts]);
    });

  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .helpOption(false)
    .allowUnknownOption()
    .action((words: string[]) => {
      for (const each of candidates(program, words)) say(each);
    });
}

/** What could stand at the place of the last word. */
export function candidates(program: Command, words: readonly string[]): string[] {
  let at = program;
  for (const word of words.slice(0, -1)) at = at.commands.find((each) => each.name() === word) ?? at;
  const last = words.at(-1) ?? '';
  const names = last.startsWith('-')
    ? [...at.options, ...program.options]
        .filter(({ hidden }: Option) => !hidden)
        .map(({ long }) => long ?? '')
    : at.commands.map((each) => each.name()).filter((name) => !name.startsWith('_'));
  return names.filter((name) => name !== '' && name.startsWith(last));
}
