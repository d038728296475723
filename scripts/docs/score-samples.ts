/**
 * Which public Score samples deploy, as a page: `node scripts/docs/score-samples.ts score-spec/spec=/path/to/clone …`. A sample is
 * named by its repository, path and digest; of its text nothing is kept. It reads what is committed in the clones.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../functions/core/problem.ts';
import { parseScore } from '../../functions/core/score/file/parse.ts';
import type { ScoreWorkload } from '../../functions/core/score/workload.ts';
import { checkScoreText, type ScoreFault } from '../../functions/resources/score/check-score.ts';
import { workloadProblems } from '../../functions/resources/score/workload-problems.ts';
import { table } from './table.ts';

const PAGE = join(import.meta.dirname, '../../docs/reference/score-samples.md');

interface Sample {
  repository: string;
  path: string;
  digest: string;
  images: string[];
  types: string[];
  /** What is said of the file as it is. */
  faults: ScoreFault[];
  /** What is left where each container has the image of the version. */
  left: Pick<ScoreFault, 'code' | 'hint'>[];
}

function readSample(repository: string, path: string, text: string): Sample {
  const digest = createHash('sha256').update(text).digest('hex');
  const faults = checkScoreText(text);
  const named = { repository, path, digest, faults };
  let workload: ScoreWorkload;
  try {
    workload = parseScore(text);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { ...named, images: [], types: [], left: faults };
  }
  const containers = Object.entries(workload.containers);
  const own = Object.fromEntries(containers.map(([name, container]) => [name, { ...container, image: '.' }]));
  return {
    ...named,
    images: [...new Set(containers.map(([, { image }]) => image))],
    types: [...new Set(Object.values(workload.resources ?? {}).map(({ type }) => type))],
    left: workloadProblems({ ...workload, containers: own }, '.').map(({ code, hint }) => ({ code, hint })),
  };
}

function samplesOf(argument: string): { commit: string; repository: string; samples: Sample[] } {
  const [repository = '', clone = ''] = argument.split('=');
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', clone, ...words], { encoding: 'utf8' });
  const paths = git('ls-tree', '-r', '--name-only', 'HEAD')
    .split('\n')
    .filter((path) => /\.ya?ml$/.test(path));
  const texts = paths.map((path) => [path, git('show', `HEAD:${path}`)] as const);
  const samples = texts
    .filter(([, text]) => /^apiVersion: *["']?score\.dev\//m.test(text))
    .map(([path, text]) => readSample(repository, path, text));
  return { commit: git('rev-parse', 'HEAD').trim(), repository, samples };
}

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;
const codes = (faults: readonly { code: string }[]): string =>
  faults.length === 0 ? 'taken' : [...new Set(faults.map((fault) => code(fault.code)))].join(', ');

function page(repositories: readonly ReturnType<typeof samplesOf>[]): string {
  // The documentation has copies of the others: each text counts once, where it was found first.
  const all = repositories.flatMap(({ samples }) => samples);
  const samples = all.filter(({ digest }, at) => all.findIndex((other) => other.digest === digest) === at);
  const taken = samples.filter(({ faults }) => faults.length === 0);
  const own = samples.filter(({ left }) => left.length === 0);
  const said = samples.flatMap(({ faults, left }) => [...faults, ...left]);
  const remedies = [...new Set(said.map(({ code: name, hint }) => `${code(name)}\n${hint}`))]
    .toSorted()
    .map((line) => line.split('\n'));
  const rows = samples.map(({ repository, path, digest, images, types, faults, left }) => [
    `${repository} ${code(path)} ${digest.slice(0, 12)}`,
    images.map(code).join(', '),
    types.map(code).join(', '),
    codes(faults),
    codes(left),
  ]);
  return `# Public Score samples

What becomes of the samples in the repositories of Score when a version is made of them: taken, or refused with a code. What an
environment lacks, such as another service that is not deployed yet, is told by the plan of a deployment. Made by
\`node scripts/docs/score-samples.ts\` from clones of these, each text once, with the beginning of its SHA-256:

${repositories.map(({ repository, commit }) => `- ${repository} at ${commit.slice(0, 12)}`).join('\n')}

Most name an image of others, such as \`busybox\`. A version is made of it where [an engine or a build pulls
it](../how-to/run-containers.md#run-an-image-of-another-registry); several images in one file are refused, since a version has one. Of
${samples.length} samples ${taken.length} are taken as they are, and ${own.length} with \`image: .\`, of which the last column tells.

${table(['sample', 'images', 'resource types', 'as it is', 'with `image: .`'], rows)}

What helps:

${table(['code', 'what helps'], remedies)}
`;
}

writeFileSync(PAGE, page(process.argv.slice(2).map(samplesOf)));
