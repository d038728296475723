/** The rooms of the house: no cycles, no crowded folders, one name for one thing. */
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesIn, loadedBy, withoutComments } from './source-tree.ts';

const FOLDER_MAX = 15;

/** A folder that holds more, and why. */
const crowded: Readonly<Record<string, string>> = { 'functions/ports': 'has a port a file' };

const everywhere = [
  'functions',
  'state-machines',
  'stacks',
  'scripts',
  'bench',
  'test',
  'client',
  'cli',
  'web/src',
];

describe('Folders', () => {
  it(`hold at most ${FOLDER_MAX} files`, () => {
    const counts = Map.groupBy(filesIn(...everywhere), dirname);
    const tooMany = [...counts]
      .filter(([folder, files]) => files.length > FOLDER_MAX && !Object.hasOwn(crowded, folder))
      .map(([folder, files]) => `${folder}: ${files.length}`);
    expect(tooMany).toEqual([]);
  });
});

/** Files that may share a name: the nouns of the product, and the ports that adapters implement. */
const nouns = new Set([
  ...filesIn('functions/ports').map((file) => basename(file)),
  ...filesIn('functions/api', 'functions/commands').map((file) => `${basename(dirname(file))}.ts`),
  // A service in an environment.
  'instances.ts',
  'index.ts',
]);

/** A model is named by its noun, a resource type and a kind of operation by themselves. A noun may have more files than one, on each floor. */
const roomOf = (file: string): string =>
  /^functions\/(core\/(model|operations)|resources)\/[^/]+$/.test(file) ? '' : basename(dirname(file));

describe('Names', () => {
  it('no two unrelated files have the same one', () => {
    const named = Map.groupBy(filesIn('functions'), (file) => basename(file));
    const unrelated = [...named]
      .filter(([name]) => !nouns.has(name))
      .filter(([, files]) => new Set(files.map(roomOf).filter(Boolean)).size > 1)
      .map(([, files]) => files);
    expect(unrelated).toEqual([]);
  });
});

/** Who reads the clock that people and time servers set, and why: everything else asks Effects, or measures. */
const wallClock: Readonly<Record<string, string>> = {
  'functions/adapters/system/effects.ts': 'is the clock',
  'functions/adapters/aws/logs/logs.ts': 'stamps lines',
  'functions/adapters/aws/builder/builder-sources.ts': 'says when an address ends, by the clock that S3 has',
  'functions/adapters/processes/layout.ts': 'makes a name that was not there before',
  'functions/adapters/local/aws-apis/api-server.main.ts': 'compares it with the times in signatures',
  'functions/adapters/local/builder/uploads.ts': 'compares it with the times of files',
  'functions/api/identity/issuer.ts': 'compares it with the times in tokens',
};

describe('Time', () => {
  it('is measured, for deadlines and waits, by a clock that nobody sets', () => {
    const reading = filesIn('functions').filter((file) => /\bDate\.now\b/.test(withoutComments(file)));
    expect(reading.filter((file) => !Object.hasOwn(wallClock, file))).toEqual([]);
  });
});

/** Groups of files that load each other, directly or around corners (Tarjan's algorithm). */
function cyclesOf(files: readonly string[]): string[][] {
  const edges = new Map(
    files.map((file) => [file, loadedBy(file).filter((target) => files.includes(target))]),
  );
  const number = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    number.set(file, number.size);
    low.set(file, number.get(file)!);
    stack.push(file);
    for (const target of edges.get(file)!) {
      if (!number.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file)!, low.get(target)!));
    }
    if (low.get(file) !== number.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1 || edges.get(file)!.includes(file)) cycles.push(group.sort());
  };
  for (const file of files) if (!number.has(file)) visit(file);
  return cycles;
}

describe('Cycles', () => {
  it.each([['functions', 'state-machines'], ['stacks'], ['client', 'cli', 'web/src']])(
    'none in %s',
    (...folders) => {
      expect(cyclesOf(filesIn(...folders.filter((folder) => typeof folder === 'string')))).toEqual([]);
    },
  );
});
