/**
 * The builder over CodeBuild, S3 and CloudWatch Logs, as moto implements them. Moto starts no containers: the builder
 * of one machine plays the build there, with the build's variables and nothing else.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, it } from 'vitest';
import { createCodeBuilder } from '../../../functions/adapters/aws/builder/builder.ts';
import { uploadOptions } from '../../../functions/adapters/aws/builder/builder-sources.ts';
import { createSecretsManager } from '../../../functions/adapters/aws/secrets/secrets-manager.ts';
import { Problem, TransientError } from '../../../functions/core/problem.ts';
import { BuilderBusy } from '../../../functions/ports/builder.ts';
import { builderContract } from '../../contracts/builder.ts';
import { helloFiles, sourceArchive, streamOf } from '../../support/files/archive.ts';
import { createContainers, makeBuildProject } from '../support/aws/codebuild.ts';
import { awsError, type Outcome, startProxy } from '../support/faults.ts';
import { clientOptions, withMoto } from './support.ts';

const GROUP = 'berth/builds';
const SOURCE_MAX_BYTES = 2 * 1024 ** 2;
const repository = { project: 'demo', service: 'hello' };
const never = new AbortController().signal;

await withMoto((url) => {
  async function makeSubject(fault: (action: string, path: string) => Outcome = () => 'forward') {
    const directory = await mkdtemp(join(tmpdir(), 'berth-codebuild-'));
    const direct = clientOptions(url());
    const logs = new CloudWatchLogsClient(direct);
    const manager = new SecretsManagerClient(direct);
    const containers = await createContainers({
      directory,
      logs: { client: logs, group: GROUP },
      async secretOf(reference) {
        const [SecretId, VersionId] = reference.split(':::');
        return (await manager.send(new GetSecretValueCommand({ SecretId, VersionId }))).SecretString ?? '';
      },
    });
    const proxy = await startProxy(url, async (request) => {
      const outcome = fault(request.action, request.path);
      return outcome === 'forward' ? ((await containers.answer(request)) ?? 'forward') : outcome;
    });
    const settings = clientOptions(proxy.url);
    const codebuild = new CodeBuildClient(settings);
    const s3 = new S3Client({ ...settings, ...uploadOptions, forcePathStyle: true });
    const ignoreExisting = (error: Error) => {
      if (!/AlreadyExists|AlreadyOwned/.test(error.name)) throw error;
    };
    await s3.send(new CreateBucketCommand({ Bucket: 'berth-builds' })).catch(ignoreExisting);
    await logs.send(new CreateLogGroupCommand({ logGroupName: GROUP })).catch(ignoreExisting);
    await makeBuildProject(codebuild, 'berth').catch(ignoreExisting);
    const builder = createCodeBuilder({
      codebuild,
      project: 'berth',
      s3,
      bucket: 'berth-builds',
      logs: { client: logs, group: GROUP },
      repositoryUri: ({ project, service }) => `registry.example/berth/${project}/${service}`,
      secretsPrefix: 'berth',
      sourceMaxBytes: SOURCE_MAX_BYTES,
      pollMs: [20, 100],
    });
    return {
      builder,
      registry: containers.layout,
      keepSecret: (path: string, value: string) =>
        createSecretsManager({ client: manager, prefix: 'berth' }).put(path, value),
      sourceMaxBytes: SOURCE_MAX_BYTES,
      started: containers.started,
      settled: containers.settled,
      async dispose() {
        await containers.settled();
        for (const client of [codebuild, logs, s3, manager]) client.destroy();
        await proxy.stop();
        await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      },
    };
  }

  it('signs the size and the type of an upload, and no checksum of what is not there yet', async () => {
    const subject = await makeSubject();
    const { searchParams } = new URL((await subject.builder.openUpload(1234, 'demo')).url);
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;content-type;host');
    expect([...searchParams.keys()].filter((name) => /checksum/i.test(name))).toEqual([]);
    await subject.dispose();
  });

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

  it('says that the account runs as many builds as it may, and begins when it is asked again', async () => {
    let refusals = 1;
    const subject = await makeSubject((action) =>
      action === 'StartBuild' && refusals-- > 0 ? awsError(400, 'AccountLimitExceededException') : 'forward',
    );
    const { id } = await subject.builder.saveSource(streamOf(await sourceArchive(helloFiles)));
    const request = { repository, operation: 'crowded', source: { kind: 'upload', id } as const };
    const build = () => subject.builder.build(request, () => undefined, never);
    await expect(build()).rejects.toBeInstanceOf(BuilderBusy);
    expect(subject.started()).toBe(0);
    expect((await build()).digest).toMatch(/^sha256:/);
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

  it('a build that is only looked at goes on, and each line of its log comes once', async () => {
    let [looks, starts] = [0, 0];
    const subject = await makeSubject((action) => {
      if (action === 'StartBuild') starts++;
      return action === 'BatchGetBuilds' && ++looks <= 3
        ? answer({ builds: [{ id: 'berth:1', buildStatus: 'IN_PROGRESS' }] })
        : 'forward';
    });
    const { id } = await subject.builder.saveSource(streamOf(await sourceArchive(helloFiles)));
    const request = { repository, operation: 'looked-at', source: { kind: 'upload', id } as const };
    const lines: string[] = [];
    // The time is over before it begins, as on a function that was slow to start.
    const look = () =>
      subject.builder.build(
        request,
        (line) => lines.push(line),
        AbortSignal.abort(new TransientError('only a look')),
      );
    await expect(look()).rejects.toThrow('only a look');
    // The lines are there now, before the build is told to be over.
    await subject.settled();
    for (let times = 0; times < 2; times++) await expect(look()).rejects.toThrow('only a look');
    expect(lines.length).toBeGreaterThan(2);
    const built = await look();
    expect(built.digest).toMatch(/^sha256:/);
    expect(starts).toBe(1);
    const whole: string[] = [];
    await subject.builder.build({ ...request, operation: 'whole' }, (line) => whole.push(line), never);
    const isTold = (line: string): boolean => !/[\d.]+ m?s\b/.test(line);
    expect(lines.filter(isTold)).toEqual(whole.filter(isTold));
    await subject.dispose();
  });

  it('a build that nobody waits for any more is stopped by its operation, and one that there is not is none', async () => {
    const stopped: unknown[] = [];
    const subject = await makeSubject((action, body) => {
      if (action === 'BatchGetBuilds')
        return answer({ builds: [{ id: 'berth:1', buildStatus: 'IN_PROGRESS' }] });
      if (action !== 'StopBuild') return 'forward';
      stopped.push(body);
      return answer({});
    });
    const { id } = await subject.builder.saveSource(streamOf(await sourceArchive(helloFiles)));
    const request = { repository, operation: 'left-alone', source: { kind: 'upload', id } as const };
    const look = AbortSignal.abort(new TransientError('only a look'));
    await expect(subject.builder.build(request, () => undefined, look)).rejects.toThrow('only a look');
    await subject.builder.end?.('left-alone');
    await subject.builder.end?.('never-begun');
    expect(stopped).toHaveLength(1);
    await subject.dispose();
  });

  it('keeps an upload whose requests were cut off, and leaves nothing of one that fails', async () => {
    let cut = 0;
    const subject = await makeSubject((_, path) =>
      path.includes('.tar.gz') && cut++ === 0 ? 'lose' : 'forward',
    );
    const { id, bytes } = await subject.builder.saveSource(streamOf(await sourceArchive(helloFiles)));
    expect(bytes).toBeGreaterThan(0);
    expect(cut).toBeGreaterThan(1);
    const request = { repository, operation: 'cut', source: { kind: 'upload', id } as const };
    expect((await subject.builder.build(request, () => undefined, never)).digest).toMatch(/^sha256:/);
    await subject.dispose();
  });

  it('believes nothing that a build tells and that can not be', async () => {
    const { readOutcome } = await import('../../../functions/adapters/aws/builder/buildspec.ts');
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
