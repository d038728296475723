/** What an image that is built here holds, and what is said of it. */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from '../../../core/model/index.ts';
import type { BuildPlan } from '../../../core/source/detect.ts';
import { nothingToRun } from '../../../core/source/foreign.ts';
import type { BuildResult } from '../../../ports/builder.ts';
import {
  BASE_LABEL,
  type ImageConfig,
  NO_BASE,
  RELEASE_LABEL,
  SCORE_LABEL,
} from '../../../ports/registry.ts';
import type { Located } from '../../source/locate.ts';
import type { FoundScore } from '../../source/score-file.ts';
import type { NewImage } from '../registry/registry.ts';
import { staticCommand, staticServer } from './static.ts';

/** Where the Node.js is that a source asks for, in its image. */
const NODE_HOME = 'opt/berth/node/bin';
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What lies beside a site at the root of a source and is not for its visitors. */
const NOT_OF_A_SITE = [
  'score.yaml',
  'score.yml',
  'Procfile',
  'package.json',
  'package-lock.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'yarn.lock',
  'node_modules',
];

/** @throws Problem nothing_to_run */
export async function chooseRoot(tree: string, candidates: readonly string[]): Promise<string> {
  for (const candidate of candidates) {
    const found = await lstat(join(tree, candidate, 'index.html')).catch(() => undefined);
    if (found?.isFile()) return candidate;
  }
  throw nothingToRun(new Map());
}

/**
 * Dependencies come first: they change less often than the app, and the same layer is stored once.
 * @param staticRoot of a site, which is served and not run
 * @param node the Node.js that the source asks for, if not the one of the machine
 */
export async function layersOf(
  { folder, home }: Located,
  staticRoot: string | undefined,
  node: string | undefined,
): Promise<NewImage['layers']> {
  if (staticRoot !== undefined) {
    const site =
      staticRoot === '.'
        ? { from: folder, to: 'app', exclude: NOT_OF_A_SITE }
        : { from: join(folder, staticRoot), to: `app/${staticRoot}` };
    return [await staticServer(), [site]];
  }
  const runtime = node === undefined ? [] : [[{ from: node, to: `${NODE_HOME}/node` }]];
  const own = [{ from: home, to: 'app', exclude: ['node_modules'] }];
  const modules = join(home, 'node_modules');
  const hasModules = (await lstat(modules).catch(() => undefined))?.isDirectory() === true;
  return [...runtime, ...(hasModules ? [[{ from: modules, to: 'app/node_modules' }]] : []), own];
}

export function configOf(
  plan: BuildPlan,
  within: string,
  staticRoot: string | undefined,
  labels: ImageConfig['labels'],
): ImageConfig {
  const workingDir = within === '' || staticRoot !== undefined ? '/app' : `/app/${within}`;
  const programs = [...new Set([workingDir, '/app'])].map((place) => `${place}/node_modules/.bin`);
  const PATH = [`/${NODE_HOME}`, ...programs, SYSTEM_PATH].join(':');
  const cmd = staticRoot === undefined ? plan.command : staticCommand(staticRoot);
  return { entrypoint: [], cmd, env: { NODE_ENV: 'production', PATH }, workingDir, labels };
}

export const scoreOf = (score: FoundScore | undefined): Pick<BuildResult, 'score' | 'files'> => ({
  ...(score && { score: score.text }),
  files: score?.files ?? {},
});

export function labelsOf(
  source: Source,
  score: FoundScore | undefined,
  plan?: BuildPlan,
): ImageConfig['labels'] {
  const labels: ImageConfig['labels'] = { [BASE_LABEL]: NO_BASE };
  if (score) labels[SCORE_LABEL] = score.text;
  if (plan?.releaseCommand !== undefined) labels[RELEASE_LABEL] = plan.releaseCommand;
  if (source.kind === 'git') {
    labels['org.opencontainers.image.source'] = source.url;
    labels['org.opencontainers.image.revision'] = source.commit;
  }
  return labels;
}

/** This helps people who look into the layout. */
export function tagOf(source: Source): string {
  if (source.kind === 'git') return `git-${source.commit.slice(0, 12)}`;
  return source.kind === 'upload' ? `upload-${source.sha256.slice(0, 12)}` : 'latest';
}
