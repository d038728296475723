/**
 * Work grows as the input does. It is counted, by the blocks of code that V8 ran, so that a busy machine makes no
 * difference; what V8 does not count (a search, a regular expression) would be minutes at these sizes if it were not
 * linear, and is held to a second of processor time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHosts } from '../../functions/adapters/router/hosts.ts';
import { parseHost } from '../../functions/adapters/router/request-host.ts';
import { extractTar } from '../../functions/adapters/source/extract.ts';
import { readCookies } from '../../functions/api/identity/cookies.ts';
import { canonicalJson } from '../../functions/core/canonical-json.ts';
import { splitWords, WordsError } from '../../functions/core/command-line.ts';
import { diffWorkloads } from '../../functions/core/diff/workload-diff.ts';
import { DotenvError, parseDotenv } from '../../functions/core/dotenv.ts';
import { parseDuration } from '../../functions/core/duration.ts';
import { changesOf } from '../../functions/core/field-changes.ts';
import { levelOf } from '../../functions/core/logs/log-level.ts';
import { Problem } from '../../functions/core/problem.ts';
import { parseScore } from '../../functions/core/score/file/parse.ts';
import { placeholders } from '../../functions/core/score/placeholders.ts';
import { readCpu, readMemory } from '../../functions/core/score/quantities.ts';
import { provisionOrder } from '../../functions/core/score/references.ts';
import { expandVariables } from '../../functions/core/score/variable-expansion.ts';
import type { ScoreWorkload } from '../../functions/core/score/workload.ts';
import { createMask } from '../../functions/core/secrets/mask.ts';
import { checkPath, linkStaysInside } from '../../functions/core/source/archive-path.ts';
import { advance, aheadOf, type BuildQueue } from '../../functions/core/source/build-queue.ts';
import { checkGitRef, parseGitUrl } from '../../functions/core/source/git-source.ts';
import { parseProcfile } from '../../functions/core/source/procfile.ts';
import { addUnits, laterUnits } from '../../functions/core/units.ts';
import { matchesWildcard } from '../../functions/core/wildcard.ts';
import { type Entry, tar } from '../support/files/archive.ts';

const session = new Session();
beforeAll(async () => {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
});
afterAll(async () => {
  await session.post('Profiler.stopPreciseCoverage');
  session.disconnect();
});

const PROCESSOR_MS = 1000;

/** How many blocks ran since the last time; undefined where the input was refused, which has to be in words. */
async function workOf(run: () => unknown): Promise<number | undefined> {
  const before = process.cpuUsage();
  let refused = false;
  try {
    await run();
  } catch (error) {
    const isClear =
      error instanceof WordsError ||
      error instanceof DotenvError ||
      (error instanceof Problem && error.status >= 400 && error.status < 500);
    if (!isClear) throw error;
    refused = true;
  }
  const { user } = process.cpuUsage(before);
  const { result } = await session.post('Profiler.takePreciseCoverage');
  expect(user / 1000).toBeLessThan(PROCESSOR_MS);
  let count = 0;
  for (const { functions } of result)
    for (const { ranges } of functions) for (const range of ranges) count += range.count;
  return refused ? undefined : count;
}

/** Doublings of a size; of the last one the work may grow by little more than twice. */
async function expectLinear(run: (size: number) => () => unknown, sizes: readonly number[]): Promise<void> {
  const runs = sizes.map(run);
  const work: (number | undefined)[] = [];
  // To take what was counted costs more than to count: the runs are all made before the first is counted.
  await session.post('Profiler.takePreciseCoverage');
  for (const each of runs) work.push(await workOf(each));
  const [half, whole] = work.slice(-2);
  if (half !== undefined && whole !== undefined)
    expect(whole, work.join(', ')).toBeLessThan(half * 2.5 + 1000);
}

const texts: Record<string, (size: number) => string> = {
  'one character': (size) => 'a'.repeat(size),
  blanks: (size) => ' '.repeat(size),
  'tabs and an end': (size) => `${'\t'.repeat(size)}x`,
  digits: (size) => '9'.repeat(size),
  dollars: (size) => '$'.repeat(size),
  'open placeholders': (size) => '${'.repeat(size / 2),
  placeholders: (size) => '${metadata.name}'.repeat(size / 16),
  'escaped placeholders': (size) => '$${a}'.repeat(size / 5),
  'open references': (size) => '$('.repeat(size / 2),
  references: (size) => '$(A)'.repeat(size / 4),
  'nested references': (size) => `${'$('.repeat(size / 2)}${')'.repeat(size / 2)}`,
  quotes: (size) => `"${'\\"'.repeat(size / 2)}`,
  'quoted words': (size) => "'a' ".repeat(size / 4),
  brackets: (size) => '['.repeat(size),
  'braces and keys': (size) => '{"a":'.repeat(size / 5),
  'a deep list': (size) => '- '.repeat(size / 2),
  'a wide list': (size) => '- a\n'.repeat(size / 4),
  'a wide map': (size) => Array.from({ length: size / 8 }, (_, at) => `k${at}: 1\n`).join(''),
  'indentation that grows': (size) =>
    Array.from({ length: Math.sqrt(size) }, (_, at) => `${' '.repeat(at)}a:\n`).join(''),
  'anchors and aliases': (size) => `a: &a [x]\n${'b: [*a, *a]\n'.repeat(size / 12)}`,
  comments: (size) => '#\n'.repeat(size / 2),
  slashes: (size) => '/'.repeat(size),
  'paths that climb': (size) => '../'.repeat(size / 3),
  labels: (size) => 'a.'.repeat(size / 2),
  hyphens: (size) => '-'.repeat(size),
  colons: (size) => ':'.repeat(size),
  semicolons: (size) => 'a=b;'.repeat(size / 4),
  'equal signs': (size) => '='.repeat(size),
  'colour codes': (size) => '\u001b['.repeat(size / 2),
  capitals: (size) => 'ERRO '.repeat(size / 5),
  'addresses with a password': (size) => 'a://b:'.repeat(size / 6),
  'line ends': (size) => '\r\n'.repeat(size / 2),
  'a URL': (size) => `https://a.example/${'a/'.repeat(size / 2)}`,
};

const readers: Record<string, (text: string) => unknown> = {
  'a Score file': parseScore,
  placeholders: (text) => placeholders(text),
  'the expansion of $(NAME)': (text) => expandVariables(text, { A: 'value' }),
  'a command line': splitWords,
  'a duration': parseDuration,
  'an amount of compute': (text) => [readCpu(text), readMemory(text)],
  'canonical JSON': canonicalJson,
  'the level of a line': levelOf,
  'a mask': createMask(['correct-horse', 'aaaaaaaaab', '$($($($(x', 'a://b:cccccc@d']),
  'the making of a mask': (text) => createMask([text]),
  'a host': parseHost,
  cookies: readCookies,
  'a name in an archive': (text) => [checkPath(text), linkStaysInside('a/b', text)],
  'a git ref': checkGitRef,
  'a git URL': (text) => parseGitUrl(text, true),
  'a Procfile': parseProcfile,
  'a file of variables': parseDotenv,
  'a text against a pattern': (text) => matchesWildcard('**a**a**b/*', text),
  'a pattern against a text': (text) => matchesWildcard(text, 'release/2026/a-fix'),
};

describe.each(Object.entries(readers))('The work of reading %s', (_, read) => {
  it('grows as the text does, or the text is refused in words', async () => {
    for (const [name, make] of Object.entries(texts))
      await expectLinear(
        (size) => {
          const text = make(size);
          return () => read(text);
        },
        name === 'one character' ? [4096, 8192, 65_536, 131_072] : [4096, 8192],
      ).catch((error: Error) => {
        throw new Error(`${name}: ${error.message}`, { cause: error });
      });
  });
});

const many = <T>(size: number, make: (at: number) => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: size }, (_, at) => [`n${at}`, make(at)]));
const workload = (size: number, change: string): ScoreWorkload =>
  ({
    apiVersion: 'score.dev/v1b1',
    metadata: { name: 'web', annotations: many(size, () => change) },
    containers: {
      main: { image: '.', variables: many(size, () => change) },
      ...many(size, () => ({ image: '.' })),
    },
    resources: many(size, (at) => ({
      type: 'dns',
      params: { a: at === 0 ? change : `\${resources.n${at - 1}.host}` },
    })),
  }) as unknown as ScoreWorkload;
/** The Score file with the most lines of a kind that is fine. */
const scoreFile = (lines: string[]): string =>
  `apiVersion: score.dev/v1b1\nmetadata: {name: web}\ncontainers:\n  main:\n    image: .\n${lines.join('\n')}\n`;
const linesOf = (size: number, make: (at: number) => string): string[] =>
  Array.from({ length: size }, (_, at) => make(at));

/** Unpacks an archive of so many entries. */
const unpacking =
  (make: (at: number) => Entry) =>
  (size: number): (() => Promise<void>) => {
    const packed = tar(linesOf(size, String).map((_, at) => make(at)));
    return async () => {
      const directory = await mkdtemp(join(tmpdir(), 'berth-growth-'));
      try {
        await extractTar(Readable.from([await packed]), join(directory, 'tree'), {
          subject: 'archive',
          gzip: false,
          stripTop: true,
          signal: new AbortController().signal,
          log: () => undefined,
        });
      } finally {
        await rm(directory, { recursive: true });
      }
    };
  };

const queued = (size: number): BuildQueue => ({
  running: [],
  waiting: Array.from({ length: size }, (_, at) => ({
    operation: `o${at}`,
    project: `p${at % (size / 20)}`,
    until: '2027',
  })),
  served: Array.from({ length: size / 20 }, (_, at) => `p${at}`),
});

describe('The work grows as there are more', () => {
  it.each<[string, (size: number) => () => unknown]>([
    ['values in canonical JSON', (size) => () => canonicalJson(many(size, () => [{}]))],
    [
      'levels in canonical JSON',
      (size) => () => canonicalJson(JSON.parse(`${'['.repeat(size / 4)}${']'.repeat(size / 4)}`)),
    ],
    [
      'fields of a record that changed',
      (size) => () =>
        changesOf(
          many(size, () => 1),
          many(size, () => 2),
        ),
    ],
    [
      'parts of workloads that are compared',
      (size) => () => diffWorkloads(workload(size, 'a'), workload(size, 'b')),
    ],
    ['resources that need one another in a chain', (size) => () => provisionOrder(workload(size, 'a'))],
    ['builds that wait, for one of them', (size) => () => aheadOf(queued(size), `o${size - 1}`)],
    [
      'builds that wait, for the next ones',
      (size) => () => advance(queued(size), { all: 8, project: 2, seconds: 60 }, '2026-01-01T00:00:00.000Z'),
    ],
    [
      'variables of a Score file',
      (size) => {
        const lines = linesOf(size, (at) => `      N${at}: "a \${metadata.name} $(N${at - 1})"`);
        const text = scoreFile(['    variables:', ...lines]);
        return () => parseScore(text);
      },
    ],
    [
      'lines of a text in a Score file',
      (size) => {
        const lines = linesOf(size * 2, () => '          a line of the text: # [it] has {no} meaning');
        const text = scoreFile(['    files:', '      /etc/text:', '        content: |', ...lines]);
        return () => parseScore(text);
      },
    ],
    [
      'faults of a Score file',
      (size) => {
        const text = scoreFile(linesOf(size, (at) => `    imagge${at}: [`.slice(0, -2)));
        return () => parseScore(text);
      },
    ],
    [
      'variables of a file, plain',
      (size) => () => parseDotenv(linesOf(size, (at) => `N${at}=value # comment`).join('\n')),
    ],
    [
      'variables of a file, in quotes with several lines',
      (size) => () => parseDotenv(linesOf(size, (at) => `N${at}="a\\n\nb \\" c"`).join('\n')),
    ],
    ['lines of one variable of a file', (size) => () => parseDotenv(`A='${'a line\n'.repeat(size * 10)}'`)],
    [
      'amounts that are added up',
      (size) => {
        const amounts = many(size, () => 1);
        return () => [addUnits(amounts, amounts), laterUnits(amounts, amounts)];
      },
    ],
    [
      'workloads with hosts of their own, each declared again',
      (size) => () => {
        const hosts = createHosts(
          () => 'localhost',
          () => true,
        );
        for (let at = 0; at < size * 2; at++) {
          const ref = { project: 'shop', environment: `e${at % size}`, service: 'web' };
          hosts.set(ref, `k${at % size}`, [{ host: `h${at % size}.example.com`, path: '/', port: 80 }]);
        }
      },
    ],
  ])('%s', (_, run) => expectLinear(run, [1000, 2000]));

  it.each<[string, (at: number) => Entry]>([
    ['files in an archive', (at) => ({ name: `a/${at}`, content: 'x' })],
    ['files with long paths in an archive', (at) => ({ name: `a/${'b/'.repeat(40)}${at}`, content: 'x' })],
    ['names in an archive that are left out', (at) => ({ name: `a/._${at}`, content: 'x' })],
    [
      'links in an archive',
      (at) => (at === 0 ? { name: 'a/0' } : { name: `a/${at}`, type: 'symlink', linkname: `${at - 1}` }),
    ],
  ])('%s', (_, make) => expectLinear(unpacking(make), [50, 100]));
});
