/**
 * CodeBuild's containers, which Moto does not start: the builder of one machine plays the build, with the build's
 * variables and nothing else.
 */
import { join } from 'node:path';
import {
  type CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { type CodeBuildClient, CreateProjectCommand } from '@aws-sdk/client-codebuild';
import {
  type BuildFailure,
  type BuildOutcome,
  type BuildVariables,
  SECRET_VARIABLE,
} from '../../../../functions/adapters/aws/builder/buildspec.ts';
import { createLocalBuilder } from '../../../../functions/adapters/local/builder/builder.ts';
import { createOciLayout } from '../../../../functions/adapters/local/registry/registry.ts';
import { toProblem } from '../../../../functions/core/problem.ts';
import type { BuildResult, BuildSecret } from '../../../../functions/ports/builder.ts';
import type { Outcome, ProxyRequest } from '../faults.ts';

export interface ContainersOptions {
  directory: string;
  logs: { client: CloudWatchLogsClient; group: string };
  /** What a reference of CodeBuild's type SECRETS_MANAGER stands for. */
  secretOf?(reference: string): Promise<string>;
  /** Puts the built image where the build pushes to. @returns the digest there; default: the one it has here */
  push?(built: BuildResult): Promise<string>;
}

const repository = { project: 'demo', service: 'hello' };
const never = new AbortController().signal;

export async function createContainers({ directory, logs, secretOf, push }: ContainersOptions) {
  const layout = await createOciLayout({ directory: join(directory, 'registry') });
  const builder = await createLocalBuilder({
    directory: join(directory, 'builds'),
    layout,
    allowLocalGit: false,
  });
  const running = new Set<Promise<void>>();
  let started = 0;

  /** What the program in the container does. */
  async function build(
    number: number,
    variables: BuildVariables,
    secrets: readonly BuildSecret[],
    log: (line: string) => void,
  ): Promise<void> {
    const tell = (outcome: BuildOutcome) =>
      fetch(variables.BERTH_RESULT_URL, { method: 'PUT', body: JSON.stringify(outcome) });
    try {
      const { BERTH_SOURCE_URL: archive, BERTH_GIT_URL: git = '', BERTH_GIT_REF: ref = '' } = variables;
      const { BERTH_PATH: path } = variables;
      const upload = archive && (await builder.saveSource((await fetch(archive)).body as ReadableStream));
      const built = await builder.build(
        {
          repository,
          operation: `container-${number}`,
          source: upload ? { kind: 'upload', id: upload.id } : { kind: 'git', url: git, ref },
          ...(path !== undefined && { path }),
          secrets,
        },
        log,
        never,
      );
      const { score, files, detected } = built;
      const digest = (await push?.(built)) ?? built.digest;
      const hash = built.source.kind === 'upload' ? { sha256: built.source.sha256 } : {};
      await tell({ digest, files, detected, ...hash, ...(score === undefined ? {} : { score }) });
    } catch (error) {
      await tell({ error: toProblem(error).toDetail() as BuildFailure['error'] });
    }
  }

  async function run(id: string, variables: BuildVariables, secrets: BuildSecret[]): Promise<void> {
    const lines: string[] = [];
    await build(++started, variables, secrets, (line) => lines.push(line));
    const target = { logGroupName: logs.group, logStreamName: id.split(':')[1] };
    await logs.client.send(new CreateLogStreamCommand(target));
    const logEvents = lines.map((line) => ({ timestamp: Date.now(), message: `${line || ' '}\n` }));
    if (logEvents.length > 0) await logs.client.send(new PutLogEventsCommand({ ...target, logEvents }));
  }

  return {
    layout,
    started: () => started,
    /** What becomes of a request to CodeBuild; undefined for all others. */
    async answer({ action, body }: ProxyRequest): Promise<Outcome | undefined> {
      // Moto has every build end at once.
      if (action === 'BatchGetBuilds') await Promise.all(running);
      if (action !== 'StartBuild') return undefined;
      const { environmentVariablesOverride: list } = JSON.parse(body.toString()) as {
        environmentVariablesOverride: { name: string; value: string; type: string }[];
      };
      const variables = Object.fromEntries(list.map(({ name, value }) => [name, value]));
      const secrets = list
        .filter(({ type }) => type === 'SECRETS_MANAGER')
        .map(({ name, value: path }) => ({
          name: name.slice(SECRET_VARIABLE.length),
          path,
          version: '',
          read: async () => (await secretOf?.(path)) ?? '',
        }));
      return {
        after(answer) {
          const { build: made } = JSON.parse(answer.toString()) as { build: { id: string } };
          const work = run(made.id, variables as unknown as BuildVariables, secrets);
          running.add(work);
          work.finally(() => running.delete(work)).catch(() => undefined);
        },
      };
    },
    settled: () => Promise.allSettled(running),
  };
}

export async function makeBuildProject(client: CodeBuildClient, name: string): Promise<void> {
  const command = new CreateProjectCommand({
    name,
    source: { type: 'S3', location: 'berth-builds/build.zip' },
    artifacts: { type: 'NO_ARTIFACTS' },
    environment: {
      type: 'ARM_CONTAINER',
      image: 'aws/codebuild/amazonlinux-aarch64-standard:3.0',
      computeType: 'BUILD_GENERAL1_SMALL',
    },
    serviceRole: 'arn:aws:iam::123456789012:role/builds',
  });
  await client.send(command);
}
