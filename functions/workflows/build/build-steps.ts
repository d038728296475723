/** Steps of the workflow `build`. */
import { gitCredentialOf } from '../../commands/connections/credential.ts';
import { keptForBuilds } from '../../commands/secrets/kept-for-builds.ts';
import { registerVersion } from '../../commands/versions/versions.ts';
import type { Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import { withFileContents } from '../../core/score/workload-files.ts';
import { externalImage } from '../../core/source/external-image.ts';
import { BuilderBusy, type BuildRequest, type BuildResult, type BuildSource } from '../../ports/builder.ts';
import type { Ports } from '../../ports/index.ts';
import { leaveQueue } from '../../records/build-queue-record.ts';
import { endingOf, endOperation, errorOf, untilOverdue } from '../end-operation.ts';
import { keepResult } from '../keep-result.ts';
import type { Step, StepContext } from '../step.ts';
import { buildLog, turnAgain, untilTurn } from './await-turn.ts';

export const awaitTurn: Step<Operation<'build'>> = {
  role: 'work',
  watched: true,
  async run({ ports, operation, signal }) {
    // A run before this one came further, and what has its version needs no turn.
    if (operation.result?.version === undefined) await untilTurn(ports, operation, signal);
  },
};

/** Builds the image and registers the version; when run twice, both give the same again. */
export const buildImage: Step<Operation<'build'>> = {
  role: 'work',
  watched: true,
  async run(context) {
    const { ports, operation } = context;
    // A run before this one came as far; what follows it in the workflow may have removed the source.
    if (operation.result?.version !== undefined) return;
    const repository = { project: operation.project, service: operation.service };
    const log = buildLog(ports, operation);
    const { path } = operation.input;
    const request = {
      repository,
      operation: operation.id,
      source: sourceOf(operation),
      ...(path && { path }),
      ...(await keptForBuilds(ports, operation.project)),
      ...(await gitCredentialOf(ports, operation)),
    };
    const built = await buildInTurn(context, request, log);
    const image = await ports.registry.resolve(repository, built.digest);
    const version = await registerVersion(
      ports,
      { actor: operation.createdBy },
      {
        ...repository,
        digest: built.digest,
        workload: await workloadOf(operation, built),
        source: built.source,
        tags: tagsOf(operation, built),
        size: image.size,
        operation: operation.id,
      },
    );
    for (const warning of ports.workloads.warnings?.(version.workload, image.config.workingDir) ?? [])
      log(`Warning: ${warning}`);
    log(`Version ${version.id} (${built.digest}) is ready to deploy.`);
    await keepResult(ports, operation.id, { version: version.id });
  },
};

/** Where others use all machines, the build goes back into the queue, and says how many begin before it. */
async function buildInTurn(
  { ports, operation, signal }: StepContext<Operation<'build'>>,
  request: BuildRequest,
  log: (line: string) => void,
): Promise<BuildResult> {
  // A run before this one may have given its turn back.
  if (operation.waitingFor !== undefined) await untilTurn(ports, operation, signal);
  for (;;) {
    try {
      return await ports.builder.build(request, log, signal);
    } catch (error) {
      if (!(error instanceof BuilderBusy)) throw error;
      await turnAgain(ports, operation, signal);
    }
  }
}

function sourceOf({ input }: Operation<'build'>): BuildSource {
  if (input.kind === 'git') {
    const { url, ref, commit } = input;
    return { kind: 'git', url, ref, ...(commit !== undefined && { commit }) };
  }
  return { kind: 'upload', id: input.source };
}

async function removeSource(ports: Ports, { input }: Operation<'build'>): Promise<void> {
  if (input.kind === 'upload') await ports.builder.removeSource(input.source);
}

function tagsOf({ input }: Operation<'build'>, { source }: BuildResult): string[] {
  const tags = input.tag ? [input.tag] : [];
  return source.kind === 'git' ? [...tags, source.commit, source.commit.slice(0, 12)] : tags;
}

/** The source's Score file, or the least one that runs the image and serves its port, where it takes requests. */
async function workloadOf(operation: Operation<'build'>, built: BuildResult): Promise<ScoreWorkload> {
  // The YAML parser is not needed before the first build.
  const { parseScore } = await import('../../core/score/file/parse.ts');
  if (built.score !== undefined)
    return externalImage(withFileContents(parseScore(built.score), built.files)).workload;
  const { worker } = built;
  const processes = Object.entries(built.processes ?? {});
  return {
    apiVersion: 'score.dev/v1b1',
    // Score demands at least two characters.
    metadata: {
      name: operation.service.length > 1 ? operation.service : `${operation.service}0`,
      // No file names the variables that the program reads.
      annotations: {
        'berth.dev/variables': 'all',
        ...(processes.length > 0 && {
          'berth.dev/processes': processes.map(([name]) => `${name}=1`).join(', '),
        }),
      },
    },
    ...(worker === undefined && { service: { ports: { www: { port: 80, targetPort: 8080 } } } }),
    containers: {
      [worker ?? (built.processes?.main ? 'web' : 'main')]: { image: '.' },
      ...Object.fromEntries(processes.map(([name, command]) => [name, { image: '.', command }])),
    },
  };
}

export const finishBuild: Step<Operation<'build'>> = {
  role: 'finish',
  async run({ ports, operation }) {
    const version = operation.result?.version;
    if (typeof version !== 'string') {
      throw new Problem('build_failed', 'The build left no version.', { hint: 'Start the build again.' });
    }
    await endBuilt(ports, operation, version);
  },
};

export const recoverBuild: Step<Operation<'build'>> = {
  role: 'recover',
  async run(context) {
    const { ports, operation } = context;
    // What hears of its end between two looks has nobody else who ends it.
    await untilOverdue(ports, operation, async () => ports.builder.end?.(operation.id));
    await leaveQueue(ports, operation.id);
    const version = operation.result?.version;
    // The version can be deployed already, whatever came after it.
    if (typeof version === 'string') return endBuilt(ports, operation, version);
    const ending = endingOf(errorOf(context));
    await endOperation(ports, operation, {
      ending,
      event: {
        type: `build.${ending.status}`,
        data: { code: ending.error.code, cause: ending.error.cause },
      },
    });
    await removeSource(ports, operation);
  },
};

/** The source goes when the operation has ended: a crash in between would have it built again without one. */
async function endBuilt(ports: Ports, operation: Operation<'build'>, version: string): Promise<void> {
  await leaveQueue(ports, operation.id);
  await endOperation(ports, operation, {
    ending: { status: 'succeeded', result: { version } },
    event: { type: 'build.succeeded', data: { version } },
  });
  await removeSource(ports, operation);
}
