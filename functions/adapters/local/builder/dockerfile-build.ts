/** Builds of Dockerfiles, by the container engine that is here. */
import { createHmac, randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Source } from '../../../core/model/index.ts';
import type { BuildSettings } from '../../../core/source/build-settings.ts';
import type { BuildPlan } from '../../../core/source/detect.ts';
import { confineDockerfile } from '../../../core/source/dockerfile.ts';
import type { BuildResult, DockerfileBuild } from '../../../ports/builder.ts';
import { BASE_LABEL, OWN_BASE } from '../../../ports/registry.ts';
import type { Located } from '../../source/locate.ts';
import type { FoundScore } from '../../source/score-file.ts';
import type { OciLayout } from '../registry/registry.ts';
import { readSecrets, type Workspace } from './build-workspace.ts';
import { labelsOf, scoreOf, tagOf } from './image-content.ts';

export interface DockerfileBuilder {
  /** Why there is no engine that builds, as a clause; undefined where there is one. */
  missing(): Promise<string | undefined>;
  /**
   * Builds a Dockerfile, and hands the image to `take` as `docker save` writes it.
   * @throws Problem build_failed
   */
  build<T extends { digest: string }>(
    build: DockerfileBuild,
    take: (archive: Readable) => Promise<T>,
  ): Promise<T>;
}

interface DockerfileParts {
  dockerfiles: DockerfileBuilder;
  layout: Pick<OciLayout, 'takeArchive'>;
  /** Keeps the caches of projects apart. */
  cacheKey: string;
}

interface DockerfileSource {
  source: Source;
  score: FoundScore | undefined;
  located: Located;
  plan: BuildPlan;
  build: BuildSettings & { dockerfile: string };
}

/** Builds a source by its Dockerfile. @throws Problem as `build` of the port */
export async function buildDockerfile(
  { dockerfiles, layout, cacheKey }: DockerfileParts,
  workspace: Workspace,
  { source, score, located, plan, build: settings }: DockerfileSource,
): Promise<BuildResult> {
  const { request, log, signal } = workspace;
  const { folder, home, within } = located;
  const { dockerfile, target, args = {} } = settings;
  const { detected } = plan;
  log(`Detected: ${detected}`);
  for (const note of plan.notes) log(note);
  // The engine has one cache for all projects, and whoever knows a scope could get at what is cached for it.
  const scope = createHmac('sha256', cacheKey).update(request.repository.project).digest('hex');
  const file = join(folder, dockerfile);
  const confined = confineDockerfile(await readFile(file, 'utf8'), scope, args);
  // It may be a link: a file of its own takes its place.
  await rm(file);
  await writeFile(file, confined.text);
  const { tarOf } = await import('../registry/tree.ts');
  const parts = (await readdir(home)).map((name) => ({ from: join(home, name), to: name }));
  const labels = { ...labelsOf(source, score, plan), [BASE_LABEL]: OWN_BASE };
  const build = {
    context: (more: typeof parts) => tarOf([...parts, ...more], log),
    dockerfile: within === '' ? dockerfile : `${within}/${dockerfile}`,
    ...(target !== undefined && { target }),
    args,
    bases: confined.bases,
    registries: request.registries ?? [],
    secrets: await readSecrets(workspace),
    scratch: workspace.directory,
    log,
    signal,
  };
  const image = await dockerfiles.build(build, (archive) =>
    layout.takeArchive(request.repository, archive, { labels, tags: [tagOf(source)] }),
  );
  log(`Image ${image.digest}, ${image.size} bytes`);
  return {
    digest: image.digest,
    ...scoreOf(score),
    ...(plan.processes && !score && { processes: plan.processes }),
    source,
    detected,
  };
}

/** Made once, for a cache is of use as long as it is found again. */
export async function keyOfCaches(path: string): Promise<string> {
  const made = randomBytes(32).toString('base64url');
  await writeFile(path, made, { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return readFile(path, 'utf8');
}
