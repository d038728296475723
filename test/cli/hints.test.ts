import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, it, vi } from 'vitest';
import { wordsOf } from '../../cli/src/commands/running/runs.ts';
import { COMMANDS, commandFor, inCommands, inOptions } from '../../cli/src/hints.ts';
import { asTyped } from '../../cli/src/origin.ts';
import { shellWord, table } from '../../cli/src/output.ts';
import { createProgram } from '../../cli/src/program.ts';
import { putSecret } from '../../functions/resources/outputs.ts';

const functions = join(import.meta.dirname, '../../functions');
const sources = readdirSync(functions, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(functions, path), 'utf8'));

/** Requests that no command makes: they are the platform team's, or a program's. */
const WITHOUT_COMMAND = [
  'GET …/openapi.json',
  'GET …/resources',
  'GET …/trusts',
  'GET …/webhooks',
  'PUT …/protection',
  'PUT …/secret-sources',
  'POST …/versions',
];

it('Every request that a hint of the API names is a command here, or known to have none', () => {
  const named = sources.flatMap((text) =>
    [...text.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) ((?:\/v1|\.\.\.|…)\/[^\s,;"'`)]*[^\s,;.:"'`)])/g)].map(
      ([, method = '', path = '']) => [method, path] as const,
    ),
  );
  expect(named.length).toBeGreaterThan(30);
  const unknown = named
    .filter(([method, path]) => commandFor(method, path) === undefined)
    .map(([method, path]) => `${method} …/${path.split('/').at(-1)}`)
    .filter((request) => !WITHOUT_COMMAND.includes(request));
  expect(unknown).toEqual([]);
});

/** They list by themselves, and have other words as well. */
const LISTING = ['versions'];

it('names commands and options that there are', () => {
  for (const [request, line] of COMMANDS) {
    // What stands for a name is no word of the command.
    const words = line
      .split(' ')
      .slice(1)
      .filter((word) => !/^[*<]/.test(word));
    let at: Command = createProgram('test');
    for (const word of words) {
      if (word.startsWith('--'))
        expect(
          at.options.map(({ long }) => long),
          request,
        ).toContain(word);
      else at = at.commands.find((each) => each.name() === word) ?? expect.fail(`${line} is no command`);
    }
    if (!LISTING.includes(at.name())) expect(at.commands, `${line} needs another word`).toEqual([]);
  }
});

it('puts the command in the place of the request and leaves the rest as it is', () => {
  expect(
    inCommands('Create it with POST /v1/projects/shop/services/web/versions/none/builds, then try.'),
  ).toBe('Create it with `berth build`, then try.');
  expect(inCommands('Set it again with PUT /v1/projects/a/build-secrets/NPM_TOKEN, then build again.')).toBe(
    'Set it again with `berth build-secrets set NPM_TOKEN`, then build again.',
  );
  expect(inCommands('List them with GET .../secrets.')).toBe('List them with `berth secrets list`.');
  expect(inCommands('The platform team does: PUT /v1/secret-sources.')).toContain('PUT /v1/secret-sources');
});

it('says how what a placeholder lacks is set, be it a variable or a secret, by commands that can be typed', () => {
  expect(inCommands(putSecret('API_KEY'))).toBe(
    'Put it with `berth config set API_KEY=value`, with `berth secrets set API_KEY` where it has to stay hidden, or on the page of the environment, then deploy.',
  );
});

it('names what is wrong with a request by the option that it came from', () => {
  const options = ['--lines', '--zone', '--delay', '--envs', '--project'];
  for (const [place, option] of [
    ['query.tail must be', '--lines must be'],
    ['body.timeZone must be', '--zone must be'],
    ['body.faults[0].delayMs must be', '--delay must be'],
    ['body.environments[1] must be', '--envs must be'],
    ['path.project must be', '--project must be'],
    ['path.operation must be', 'operation must be'],
  ])
    expect(inOptions(`The request is not valid: ${place} it.`, options)).toBe(`${option} it.`);
});

it('types the commands of a hint as they can be typed where npx fetched the program', () => {
  expect(asTyped('Sign in: berth login', 'http://localhost:4600')).toBe(
    'Sign in: npx http://localhost:4600/cli login',
  );
  expect(asTyped('Use `berth ps`; see https://git.example.com/berth docs', undefined)).toContain(
    '`berth ps`',
  );
});

it("refuses an option that may be the command's or its own, and says where -- belongs", () => {
  const typed = ['run', '--env', 'dev', 'node', '-p', '1+1'];
  expect(() => wordsOf(['node', '1+1'], typed)).toThrow('-p');
  expect(() => wordsOf(['ls', '-l'], ['run', 'ls', '-l'])).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('berth run -- ls -l') }),
  );
  const [words, whole] = [
    ['node', '-p', '$A'],
    ['run', '--env', 'dev', '--', 'node', '-p', '$A'],
  ];
  expect(wordsOf(words, whole)).toEqual(['node', '-p', '$$A']);
  expect(wordsOf(['ls'], ['run', '--env', 'dev', 'ls'])).toEqual(['ls']);
});

it('writes a word as a shell takes it', () => {
  expect(['node', "it's", '30 2 * * *', ''].map(shellWord)).toEqual([
    'node',
    "'it'\\''s'",
    "'30 2 * * *'",
    "''",
  ]);
});

it('keeps a row a line, whatever a cell has in it', () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  table(['A', 'B'], [['one\n  two', 'three']]);
  const lines = write.mock.calls.map(([line]) => line);
  write.mockRestore();
  expect(lines).toEqual([expect.stringContaining('A'), 'one two  three\n']);
});
