/** Questions, which only a person at a terminal is asked. */
import { createInterface } from 'node:readline/promises';
import { Failure } from './failure.ts';

export const isInteractive = (): boolean => process.stdin.isTTY === true && process.stderr.isTTY === true;

export async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(`${question} `)).trim();
  } finally {
    lines.close();
  }
}

/** @throws Failure unless a person types the name or `--yes` was given */
export async function confirm(what: string, name: string, yes: boolean | undefined): Promise<void> {
  if (yes) return;
  if (!isInteractive()) throw new Failure(`${what} Nobody is here to confirm it.`, 'Say it with --yes.');
  const typed = await ask(`${what} Type ${name} to go on:`);
  if (typed !== name) throw new Failure('Nothing was done: the name was not typed.');
}

/** Everything on standard input; a secret that is given this way is in no history of a shell. */
export async function readInput(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** A secret on standard input, without the line's end that an editor or a shell adds. @throws Failure where there is nothing */
export async function readSecret(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Type the value, then Ctrl-D:\n');
  const value = (await readInput()).replace(/\r?\n$/, '');
  if (value !== '') return value;
  throw new Failure(
    'Standard input is empty, and so would be the secret.',
    'Such as: printf %s "$VALUE" | berth secrets set NAME',
  );
}
