/**
 * The builder over CodeBuild, S3 and CloudWatch Logs, as moto has them. Moto starts no containers: what a build
 * does there is played by the builder of one machine, which gets the variables of the build and nothing else.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient, CreateProjectCommand } from '@aws-sdk/client-codebuild';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { createCodeBuilder } from '../../../functions/adapters/aws/builder.ts';
import type {
  BuildFailure,
  BuildOutcome,
  BuildVariables,
} from '../../../functions/adapters/aws/buildspec.ts';
import { createLocalBuilder } from '../../../functions/adapters/local/builder/index.ts';
import { createOciLayout } from '../../../functions/adapters/local/registry/index.ts';
import { Problem, TransientError, toProblem } from '../../../functions/core/problem.ts';
import { builderContract } from '../../contracts/builder.ts';
import { helloFiles, sourceArchive, streamOf } from '../../support/archive.ts';
import { awsError, type Outcome, startProxy } from './proxy.ts';
import { clientOptions, withMoto } from './support.ts';

const GROUP = 'berth/builds';
const SOURCE_MAX_BYTES = 2 * 1024 ** 2;
const repository = { project: 'demo', service: 'hello' };
const never = new AbortController().signal;

await withMoto((url) => {
  async function makeSubject(fault: (action: string, path: string) => Outcome = () => 'forward') {
    const directory = await mkdtemp(join(tmpdir(), 'berth-codebuild-'));
    const layout = await createOciLayout({ directory: join(directory, 'registry') });
    const container = await createLocalBuilder({
      directory: join(directory, 'builds'),
      layout,
      allowLocalGit: false,
    });
    const running = new Set<Promise<void>>();
    let started = 0;

    /** What the program in the container does. */
    async function play(
      number: number,
      variables: BuildVariables,
      log: (line: string) => void,
    ): Promise<void> {
      const tell = (outcome: BuildOutcome) =>
        fetch(variables.BERTH_RESULT_URL, { method: 'PUT', body: JSON.stringify(outcome) });
      try {
        const { BERTH_SOURCE_URL: archive, BERTH_GIT_URL: git = '', BERTH_GIT_REF: ref = '' } = variables;
        const upload = archive && (await container.saveSource((await fetch(archive)).body as ReadableStream));
        const { digest, score, files, detected } = await container.build(
          {
            repository,
            operation: `container-${number}`,
            source: upload ? { kind: 'upload', id: upload.id } : { kind: 'git', url: git, ref },
          },
          log,
          never,
        );
        await tell({ digest, files, detected, ...(score === undefined ? {} : { score }) });
      } catch (error) {
        await tell({ error: toProblem(error).toDetail() as BuildFailure['error'] });
      }
    }

    const proxy = await startProxy(url, async ({ action, path, body }) => {
      const outcome = fault(action, path);
      if (outcome !== 'forward') return outcome;
      // Moto has every build end at once.
      if (action === 'BatchGetBuilds') await Promise.all(running);
      if (action !== 'StartBuild') return 'forward';
      const number = ++started;
      const { environmentVariablesOverride: list } = JSON.parse(body.toString()) as {
        environmentVariablesOverride: { name: string; value: string }[];
      };
      const variables = Object.fromEntries(list.map(({ name, value }) => [name, value]));
      return {
        after(answer) {
          const { build } = JSON.parse(answer.toString()) as { build: { id: string } };
          const lines: string[] = [];
          const work = play(number, variables as unknown as BuildVariables, (line) => lines.push(line)).then(
            async () => {
              const target = { logGroupName: GROUP, logStreamName: build.id.split(':')[1] };
              await logs.send(new CreateLogStreamCommand(target));
              const logEvents = lines.map((line) => ({ timestamp: Date.now(), message: `${line || ' '}\n` }));
              if (logEvents.length > 0) await logs.send(new PutLogEventsCommand({ ...target, logEvents }));
            },
          );
          running.add(work);
          work.finally(() => running.delete(work)).catch(() => undefined);
        },
      };
    });

    const settings = clientOptions(proxy.url);
    const [codebuild, logs] = [new CodeBuildClient(settings), new CloudWatchLogsClient(settings)];
    const s3 = new S3Client({ ...settings, forcePathStyle: true });
    const ignoreExisting = (error: Error) => {
      if (!/AlreadyExists|AlreadyOwned/.test(error.name)) throw error;
    };
    await s3.send(new CreateBucketCommand({ Bucket: 'berth-builds' })).catch(ignoreExisting);
    await logs.send(new CreateLogGroupCommand({ logGroupName: GROUP })).catch(ignoreExisting);
    await codebuild
      .send(
        new CreateProjectCommand({
          name: 'berth',
          source: { type: 'S3', location: 'berth-builds/build.zip' },
          artifacts: { type: 'NO_ARTIFACTS' },
          environment: {
            type: 'ARM_CONTAINER',
            image: 'aws/codebuild/amazonlinux-aarch64-standard:3.0',
            computeType: 'BUILD_GENERAL1_SMALL',
          },
          serviceRole: 'arn:aws:iam::123456789012:role/builds',
        }),
      )
      .catch(ignoreExisting);
    const builder = createCodeBuilder({
      codebuild,
      project: 'berth',
      s3,
      bucket: 'berth-builds',
      logs: { client: logs, group: GROUP },
      repositoryUri: ({ project, service }) => `registry.example/berth/${project}/${service}`,
      sourceMaxBytes: SOURCE_MAX_BYTES,
      pollMs: [20, 100],
    });
    return {
      builder,
      registry: layout,
      sourceMaxBytes: SOURCE_MAX_BYTES,
      started: () => started,
      async dispose() {
        await Promise.allSettled(running);
        for (const client of [codebuild, logs, s3]) client.destroy();
        await proxy.stop();
        await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      },
    };
  }

  builderContract('CodeBuild', () => makeSubject());

  it('joins the build that an operation has, instead of starting another', async () => {
    const subject = await makeSubject();
    const { id } = await subject.builder.saveSource(streamOf(await sourceArchive(helloFiles)));
    const request = { repository, operation: 'joined', source: { kind: 'upload', id } as const };
    const first = await subject.builder.build(request, () => undefined, never);
    expect(await subject.builder.build(request, () => undefined, never)).toEqual(first);
    expect(subject.started()).toBe(1);
    await subject.dispose();
  });

  it('is told by a throttle that another try is worth it', async () => {
    const subject = await makeSubject((action) =>
      action === 'StartBuild' ? awsError(400, 'ThrottlingException') : 'forward',
    );
    const { id } = await subject.builder.saveSource(streamOf(await sourceArchive(helloFiles)));
    const request = { repository, operation: 'throttled', source: { kind: 'upload', id } as const };
    await expect(subject.builder.build(request, () => undefined, never)).rejects.toMatchObject({
      name: 'Berth.Transient',
    });
    await subject.dispose();
  });

  const answer = (content: unknown): Outcome => ({ status: 200, body: JSON.stringify(content) });
  it.each([
    ['FAULT', { name: 'Berth.Transient' }],
    ['FAILED', { code: 'build_failed' }],
    ['TIMED_OUT', { code: 'deadline_exceeded' }],
    ['STOPPED', { code: 'canceled' }],
  ])('tells of a build that ended as %s and left no outcome', async (buildStatus, expected) => {
    let starts = 0;
    const subject = await makeSubject((action) => {
      if (action === 'StartBuild') starts++;
      if (action === 'StartBuild') return answer({ build: { id: 'berth:1' } });
      return action === 'BatchGetBuilds' ? answer({ builds: [{ id: 'berth:1', buildStatus }] }) : 'forward';
    });
    const { id } = await subject.builder.saveSource(streamOf(await sourceArchive(helloFiles)));
    const request = {
      repository,
      operation: `ended-${buildStatus}`,
      source: { kind: 'upload', id } as const,
    };
    const build = () => subject.builder.build(request, () => undefined, never);
    await expect(build()).rejects.toMatchObject(expected);
    await expect(build()).rejects.toMatchObject(expected);
    // Only a fault of AWS's own is a reason to start another.
    expect(starts).toBe(buildStatus === 'FAULT' ? 2 : 1);
    await subject.dispose();
  });

  it.each([
    ['canceled', undefined, 1],
    ['handed over', new TransientError('near the time limit'), 0],
  ])(
    'a build that is %s meanwhile is stopped only if nobody waits for it any more',
    async (_, reason, stops) => {
      let stopped = 0;
      const controller = new AbortController();
      const subject = await makeSubject((action) => {
        if (action === 'StopBuild') stopped++;
        if (action !== 'BatchGetBuilds') return 'forward';
        controller.abort(reason);
        return answer({ builds: [{ id: 'berth:1', buildStatus: 'IN_PROGRESS' }] });
      });
      const { id } = await subject.builder.saveSource(streamOf(await sourceArchive(helloFiles)));
      const request = { repository, operation: `stopped-${stops}`, source: { kind: 'upload', id } as const };
      await expect(subject.builder.build(request, () => undefined, controller.signal)).rejects.toMatchObject({
        name: reason?.name ?? 'Berth.canceled',
      });
      expect(stopped).toBe(stops);
      await subject.dispose();
    },
  );

  it('keeps an upload whose requests were cut off, and leaves nothing of one that fails', async () => {
    let cut = 0;
    const subject = await makeSubject((_, path) =>
      path.includes('uploadId') && cut++ === 0 ? 'lose' : 'forward',
    );
    const { id, bytes } = await subject.builder.saveSource(streamOf(await sourceArchive(helloFiles)));
    expect(bytes).toBeGreaterThan(0);
    expect(cut).toBeGreaterThan(1);
    const request = { repository, operation: 'cut', source: { kind: 'upload', id } as const };
    expect((await subject.builder.build(request, () => undefined, never)).digest).toMatch(/^sha256:/);
    await subject.dispose();
  });

  it('believes nothing that a build tells and that can not be', async () => {
    const { readOutcome } = await import('../../../functions/adapters/aws/buildspec.ts');
    for (const told of [
      '',
      '{}',
      '[]',
      '{"digest":"sha256:../x","files":{},"detected":"x"}',
      '{"error":{"code":"forbidden","cause":"x","hint":"x"}}',
    ]) {
      expect(() => readOutcome(told)).toThrow(Problem);
      expect(() => readOutcome(told)).toThrow(/can not be read/);
    }
  });
});
