/**
 * Builds in CodeBuild. The build itself may reach no bucket: it gets its source by a presigned GET and leaves
 * its outcome by a presigned PUT, both for its own objects alone. Which build an operation has is kept in the
 * bucket too, so that a step which runs again joins it: CodeBuild's own token does that for five minutes only.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { type CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  BatchGetBuildsCommand,
  type Build,
  type CodeBuildClient,
  StartBuildCommand,
  StopBuildCommand,
} from '@aws-sdk/client-codebuild';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { limits } from '../../../core/limits.ts';
import type { Source } from '../../../core/model/index.ts';
import { BUILD_SECONDS } from '../../../core/operations/kinds/build.ts';
import { Problem, TransientError } from '../../../core/problem.ts';
import { checkGitRef, fullRefs, parseGitUrl } from '../../../core/source/git-source.ts';
import { type Builder, BuilderBusy, type BuildRequest, type BuildResult } from '../../../ports/builder.ts';
import { count } from '../../../ports/meter.ts';
import type { RepositoryRef } from '../../../ports/registry.ts';
import { sent, unless } from '../sdk-errors.ts';
import { checkedName, tokenOf } from '../secrets/secrets-names.ts';
import { createSources, sourceKey } from './builder-sources.ts';
import {
  type BuildVariables,
  GIT_TOKEN_VARIABLE,
  OUTCOME_MAX_BYTES,
  REGISTRY_VARIABLE,
  readOutcome,
  SECRET_VARIABLE,
} from './buildspec.ts';

export interface CodeBuildOptions {
  codebuild: CodeBuildClient;
  /** Name of the project in CodeBuild. */
  project: string;
  s3: S3Client;
  /** Holds uploads and outcomes; its rules delete what is older than a day, and unfinished uploads. */
  bucket: string;
  /** Where the project logs to; a build's stream is named by its id. */
  logs: { client: CloudWatchLogsClient; group: string };
  /** The image's name without tag. */
  repositoryUri(repository: RepositoryRef): string;
  /** What the names of secrets start with, without a slash at its end. */
  secretsPrefix: string;
  /** The largest upload, compressed bytes; 256 MiB if not given. */
  sourceMaxBytes?: number;
  /** First and longest time between two looks at a build, milliseconds; default 1,000 and 10,000. */
  pollMs?: readonly [first: number, longest: number];
}

/** Longer than a build may take. */
const PRESIGNED_SECONDS = 2 * BUILD_SECONDS;
/** The account runs as many builds as it may. */
const NO_ROOM = 'AccountLimitExceededException';
const OPERATION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function createCodeBuilder(options: CodeBuildOptions): Builder {
  const { codebuild, project, s3, bucket, logs, repositoryUri } = options;
  const [firstPoll, longestPoll] = options.pollMs ?? [1_000, 10_000];
  const Bucket = bucket;
  const sources = createSources({
    s3,
    bucket,
    maxBytes: options.sourceMaxBytes ?? limits.sourceUpload.value,
  });

  async function readObject(Key: string): Promise<string | undefined> {
    const found = await unless(['NoSuchKey'], s3.send(new GetObjectCommand({ Bucket, Key })));
    if ((found?.ContentLength ?? 0) > OUTCOME_MAX_BYTES) return '';
    return found?.Body?.transformToString();
  }

  /** What the source is, and how the build gets it. */
  async function prepare({ source, credential }: BuildRequest): Promise<{
    upload?: { bytes: number; sha256?: string };
    variables: Partial<BuildVariables>;
  }> {
    if (source.kind === 'git') {
      const location = parseGitUrl(source.url, false);
      const ref = checkGitRef(source.ref);
      if (location.kind !== 'https') throw new TypeError('unreachable');
      const { commit } = source;
      return {
        variables: {
          BERTH_GIT_URL: location.url,
          BERTH_GIT_REF: ref,
          ...(commit !== undefined && { BERTH_GIT_COMMIT: commit }),
          ...(credential?.path !== undefined && { BERTH_GIT_USER: credential.user }),
        },
      };
    }
    const described = await sources.describe(source.id);
    if (!described)
      throw new Problem('source_unavailable', 'The source can not be had: the upload is no longer there.', {
        hint: 'Upload the source again.',
      });
    const command = new GetObjectCommand({ Bucket, Key: sourceKey(source.id) });
    return {
      upload: described,
      variables: { BERTH_SOURCE_URL: await getSignedUrl(s3, command, { expiresIn: PRESIGNED_SECONDS }) },
    };
  }

  /** The operation's build; started if there is none yet. */
  async function ensureBuild(request: BuildRequest, variables: Partial<BuildVariables>): Promise<string> {
    const Key = buildKey(request.operation);
    const known = await readObject(Key);
    if (known !== undefined) return known;
    const result = new PutObjectCommand({ Bucket, Key: outcomeKey(request.operation) });
    const { registries = [] } = request;
    const all: BuildVariables = {
      ...variables,
      ...(request.path !== undefined && { BERTH_PATH: request.path }),
      ...(registries.length > 0 && {
        BERTH_REGISTRIES: JSON.stringify(
          registries.map(({ registry, username }) => ({ registry, username })),
        ),
      }),
      BERTH_REPOSITORY: repositoryUri(request.repository),
      BERTH_RESULT_URL: await getSignedUrl(s3, result, { expiresIn: PRESIGNED_SECONDS }),
    };
    const command = new StartBuildCommand({
      projectName: project,
      idempotencyToken: request.operation,
      environmentVariablesOverride: [
        ...Object.entries(all).map(([name, value]) => ({ name, value, type: 'PLAINTEXT' as const })),
        // CodeBuild reads them itself: neither its records nor this function have a value.
        ...secretsOf(request).map(({ name, path, version }) => ({
          name,
          value: `${checkedName(options.secretsPrefix, path)}:::${tokenOf(version)}`,
          type: 'SECRETS_MANAGER' as const,
        })),
      ],
    });
    const started = await unless([NO_ROOM], codebuild.send(command));
    if (!started) throw new BuilderBusy();
    const id = started.build?.id;
    if (id === undefined) throw new TransientError('CodeBuild gave a build no id.');
    await sent(s3.send(new PutObjectCommand({ Bucket, Key, Body: id })));
    return id;
  }

  /**
   * Hands on what has been logged since the last call.
   * @param from where another call of the step has ended
   */
  function follower(id: string, log: (line: string) => void, from: string | undefined) {
    let nextToken = from;
    const follow = async (): Promise<void> => {
      for (;;) {
        const command = new GetLogEventsCommand({
          logGroupName: logs.group,
          logStreamName: id.slice(id.indexOf(':') + 1),
          startFromHead: true,
          ...(nextToken === undefined ? {} : { nextToken }),
        });
        const page = await unless(['ResourceNotFoundException'], logs.client.send(command));
        for (const { message = '' } of page?.events ?? [])
          for (const line of message.replace(/\r?\n$/, '').split(/\r?\n/)) log(line);
        if (page?.nextForwardToken === undefined || page.nextForwardToken === nextToken) return;
        nextToken = page.nextForwardToken;
      }
    };
    return { follow, place: () => nextToken };
  }

  async function wait(
    { id, operation }: { id: string; operation: string },
    log: (line: string) => void,
    signal: AbortSignal,
  ): Promise<Build> {
    const from = await readObject(logKey(operation));
    const { follow, place } = follower(id, log, from);
    for (let pause = firstPoll; ; pause = Math.min(pause * 1.5, longestPoll)) {
      // However little time there is, the build is looked at; what is canceled is not.
      if (!isHandedOver(signal)) signal.throwIfAborted();
      const { builds } = await sent(codebuild.send(new BatchGetBuildsCommand({ ids: [id] })));
      const build = builds?.[0];
      const over = build?.buildStatus !== undefined && build.buildStatus !== 'IN_PROGRESS';
      // The last lines come a moment after the end of the build.
      if (over) await sleep(firstPoll);
      await follow();
      if (over) return build;
      if (!signal.aborted) await sleep(pause, undefined, { signal }).catch(() => undefined);
      if (!isHandedOver(signal)) continue;
      const Body = place();
      if (Body !== undefined && Body !== from)
        await sent(s3.send(new PutObjectCommand({ Bucket, Key: logKey(operation), Body })));
      throw signal.reason;
    }
  }

  async function run(
    request: BuildRequest,
    log: (line: string) => void,
    signal: AbortSignal,
  ): Promise<BuildResult> {
    if (!isHandedOver(signal)) signal.throwIfAborted();
    const { upload, variables } = await prepare(request);
    const id = await ensureBuild(request, variables);
    let build: Build;
    try {
      build = await wait({ id, operation: request.operation }, log, signal);
    } catch (error) {
      // A build that is only handed over goes on.
      if (signal.aborted && !isHandedOver(signal))
        await codebuild.send(new StopBuildCommand({ id })).catch(() => undefined);
      throw error;
    }
    countBuild(build, upload !== undefined);
    const told = await readObject(outcomeKey(request.operation));
    if (told === undefined) {
      if (build.buildStatus !== 'FAULT') throw withoutOutcome(build);
      // The fault was not the build's: the next try starts another one.
      await sent(s3.send(new DeleteObjectCommand({ Bucket, Key: buildKey(request.operation) })));
      throw new TransientError('CodeBuild had a fault of its own.');
    }
    const {
      digest,
      score,
      files,
      detected,
      image,
      processes,
      sha256,
      ref,
      commit,
      committedAt,
      author,
      message,
    } = readOutcome(told);
    const fetched = upload
      ? uploadSource({ sha256, ...upload })
      : gitSource(request, { ref, commit, committedAt, author, message });
    const source = {
      ...fetched,
      ...(request.path !== undefined && { path: request.path }),
      ...(image !== undefined && { image }),
    };
    return {
      digest,
      files,
      detected,
      source,
      ...(score !== undefined && { score }),
      ...(processes && score === undefined && { processes }),
    };
  }

  return {
    saveSource: (body) => sources.save(body),
    openUpload: (bytes) => sources.open(bytes),
    hasUpload: (id) => sources.has(id),
    dockerfiles: async () => undefined,
    removeSource: (id) => sources.remove(id),
    async end(operation) {
      const id = await readObject(buildKey(operation));
      // One that has ended is left as it is, and one that is long gone is not known.
      if (id === undefined) return;
      const gone = ['InvalidInputException', 'ResourceNotFoundException'];
      await unless(gone, codebuild.send(new StopBuildCommand({ id })));
    },
    async build(request, log, signal) {
      if (!OPERATION.test(request.operation))
        throw new TypeError('the operation has no id that names an object');
      try {
        return await run(request, log, signal);
      } catch (error) {
        throw signal.aborted ? canceled(signal) : error;
      }
    },
  };
}

/** Minutes that were begun, and what the build itself asked of S3. */
function countBuild({ startTime, endTime }: Build, hasSource: boolean): void {
  const ms = startTime && endTime ? endTime.getTime() - startTime.getTime() : 0;
  count('codebuild.armSmallMinute', Math.max(1, Math.ceil(ms / 60_000)));
  count('s3.write', 1);
  if (hasSource) count('s3.read', 1);
}

/** What CodeBuild reads for a build, by the names of variables. */
function secretsOf({ secrets = [], registries = [], credential }: BuildRequest) {
  const all = [
    ...secrets.map(({ name, path, version }) => ({ name: `${SECRET_VARIABLE}${name}`, path, version })),
    ...registries.map(({ path, version }, at) => ({ name: `${REGISTRY_VARIABLE}${at}`, path, version })),
  ];
  const { path, version } = credential ?? {};
  // What is kept nowhere is nothing that CodeBuild could read: source that is public is fetched all the same.
  if (path === undefined || version === undefined) return all;
  return [...all, { name: GIT_TOKEN_VARIABLE, path, version }];
}

/** The time of a call is over, and another call goes on with the build. */
const isHandedOver = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && reason instanceof TransientError;

const buildKey = (operation: string): string => `builds/${operation}/build`;
/** How far its log was handed on. */
const logKey = (operation: string): string => `builds/${operation}/log`;
const outcomeKey = (operation: string): string => `builds/${operation}/outcome.json`;

/** The build tells the hash of what was sent to the bucket itself. */
function uploadSource({ bytes, sha256 }: { bytes: number; sha256: string | undefined }): Source {
  if (sha256 !== undefined) return { kind: 'upload', sha256, bytes };
  throw new Problem('build_failed', 'The build failed: it does not tell which source it built.', {
    hint: 'Start the build again.',
  });
}

function gitSource(
  { source }: BuildRequest,
  found: {
    ref: string | undefined;
    commit: string | undefined;
    committedAt: string | undefined;
    author: string | undefined;
    message: string | undefined;
  },
): Source {
  if (source.kind !== 'git' || found.commit === undefined)
    throw new Problem('build_failed', 'The build failed: it does not tell which commit it built.', {
      hint: 'Start the build again.',
    });
  return {
    kind: 'git',
    url: source.url,
    // A build does not say what it was not asked for.
    ref: fullRefs(source.ref).find((full) => full === found.ref) ?? source.ref,
    commit: found.commit,
    ...(found.committedAt === undefined ? {} : { committedAt: found.committedAt }),
    ...(found.author === undefined ? {} : { author: found.author }),
    ...(found.message === undefined ? {} : { message: found.message }),
  };
}

function withoutOutcome({ buildStatus, currentPhase }: Build): Problem {
  if (buildStatus === 'STOPPED')
    return new Problem('canceled', 'The build was canceled: it was asked to stop.', {
      hint: 'Start a new build.',
    });
  if (buildStatus === 'TIMED_OUT')
    return new Problem('deadline_exceeded', 'The build failed: it took longer than builds may take.', {
      hint: 'Make the build smaller, or ask the platform team for more time.',
    });
  return new Problem(
    'build_failed',
    `The build failed: it ended in the phase ${currentPhase ?? 'unknown'}.`,
    {
      hint: 'See the last lines of its log.',
    },
  );
}

function canceled(signal: AbortSignal): Error {
  if (signal.reason instanceof Problem || signal.reason instanceof TransientError) return signal.reason;
  return new Problem('canceled', 'The build was canceled: it was asked to stop.', {
    hint: 'Start a new build.',
  });
}
