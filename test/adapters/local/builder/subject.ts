/** What the tests of builds on one machine share. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import {
  createLocalBuilder,
  type LocalBuilderOptions,
} from '../../../../functions/adapters/local/builder/builder.ts';
import { createOciLayout } from '../../../../functions/adapters/local/registry/registry.ts';
import type { BuildRequest } from '../../../../functions/ports/builder.ts';
import { sourceArchive, streamOf } from '../../../support/files/archive.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';
import { freePort } from '../../../support/process.ts';

/** Of every test that builds. */
export const temporary = temporaryDirectories();
export const repository = { project: 'demo', service: 'hello' };
export const never = new AbortController().signal;

/** A builder of its own, with a registry to build into. */
export async function createSubject(options: Partial<LocalBuilderOptions> = {}) {
  const directory = temporary();
  const layout = await createOciLayout({ directory: join(directory, 'registry') });
  const builds = join(directory, 'builds');
  const builder = await createLocalBuilder({ directory: builds, layout, ...options });
  const log: string[] = [];
  return {
    builder,
    layout,
    log,
    builds,
    async upload(path: string) {
      const { id } = await builder.saveSource(streamOf(readFileSync(path)));
      const request = { repository, operation: 'op', source: { kind: 'upload', id } as const };
      return builder.build(request, (line) => log.push(line), never);
    },
    async build(
      files: Record<string, string>,
      { signal = never, ...more }: Pick<BuildRequest, 'path'> & { signal?: AbortSignal } = {},
    ) {
      const { id } = await builder.saveSource(streamOf(await sourceArchive(files)));
      const source = { kind: 'upload', id } as const;
      const request = { repository, operation: 'op', source, ...more };
      return builder
        .build(request, (line) => log.push(line), signal)
        .finally(() => expect(readdirSync(join(builds, 'work'))).toEqual([]));
    },
    git: (url: string, ref: string, commit?: string) =>
      builder.build(
        { repository, operation: 'op', source: { kind: 'git', url, ref, ...(commit && { commit }) } },
        (line) => log.push(line),
        never,
      ),
    /** Lays an image out and runs it as one machine does. */
    async serve(digest: string, paths: string[]) {
      const root = temporary();
      const config = await layout.unpack(repository, digest, root);
      const port = await freePort();
      const [command = '', ...args] = [...config.entrypoint, ...config.cmd].map((word) =>
        word.replaceAll('$(PORT)', String(port)),
      );
      const cwd = join(root, config.workingDir);
      const PATH = `${join(cwd, 'node_modules/.bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
      const child = spawn(command, args, {
        cwd,
        env: { ...config.env, PATH, PORT: String(port) },
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.once('close', resolve));
      const answers: string[] = [];
      try {
        for (const path of paths) {
          let response: Response | undefined;
          while (!response) {
            response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
            if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
            if (!response) await sleep(10);
          }
          answers.push(`${response.status} ${(await response.text()).trim()}`);
        }
      } finally {
        child.kill('SIGTERM');
        await ended;
      }
      return { answers, config, root, exitCode: child.exitCode };
    },
  };
}
