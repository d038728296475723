/** A real Berth for trials of the git door: started by its command, in a directory of its own, beside played providers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivered } from '../api/connections/git-host.ts';
import { postgresOf, signal, workloadsOf } from '../storm/installation.ts';
import { type ApiClient, apiClient, type Json } from '../support/client.ts';
import { freePort, spawnBerth, startCommand } from '../support/process.ts';

export interface TrialSubject extends ApiClient {
  /** Holds Berth's data, and room for repositories. */
  directory: string;
  port: number;
  /** @param trusted addresses of the played providers; those of the start before without */
  start(trusted?: readonly string[]): Promise<void>;
  kill(name: NodeJS.Signals): Promise<void>;
  /** @throws Error for an answer that is none of success */
  must(method: string, path: string, body?: unknown): Promise<Json>;
  /** @returns the status of the answer; undefined where Berth did not answer */
  deliver(hook: string, message: Delivered): Promise<number | undefined>;
  /** Moves Berth's clock on, six minutes a time. */
  moveClock(times: number): Promise<void>;
  workloads(): number[];
  output(): string;
  dispose(): Promise<void>;
}

const START_MS = 60_000;
/** Long enough for a sweep. */
const MOVE_MS = 1_500;

export async function createTrialSubject(): Promise<TrialSubject> {
  const directory = mkdtempSync(join(tmpdir(), 'berth-git-'));
  const data = join(directory, 'data');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let receivers = '';
  let running: ReturnType<typeof spawnBerth> | undefined;
  let printed = '';
  const client = apiClient(() => ({
    url,
    token: readFileSync(join(data, 'admin-token'), 'utf8').trim(),
  }));
  const subject: TrialSubject = {
    ...client,
    directory,
    port,
    async start(trusted) {
      if (trusted) receivers = trusted.join(',');
      const spawned = spawnBerth(
        data,
        port,
        startCommand(join(import.meta.dirname, '../storm/moved-clock.ts')),
        { BERTH_TRUSTED_RECEIVERS: receivers, BERTH_SWEEP_SECONDS: '1' },
      );
      running = spawned;
      for (const end = Date.now() + START_MS; ; await sleep(50)) {
        if ((await fetch(`${url}/healthz`).catch(() => undefined))?.ok) return;
        if (spawned.child.exitCode !== null || Date.now() > end)
          throw new Error(`Berth does not start:\n${spawned.output()}`);
      }
    },
    async kill(name) {
      const one = running;
      if (!one) return;
      const gone = new Promise((resolve) => one.child.once('exit', resolve));
      one.child.kill(name);
      await gone;
      printed += one.output();
      running = undefined;
    },
    async must(method, path, body) {
      const answer = await client.api(method, path, body);
      if (answer.status >= 300)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      if (answer.status !== 202) return answer.body;
      const ended = await client.waitFor(answer.body.operation?.id ?? answer.body.id);
      if (ended.status !== 'succeeded') throw new Error(`${method} ${path}: ${JSON.stringify(ended.error)}`);
      return ended;
    },
    async deliver(hook, { headers, body }) {
      const answer = await fetch(`${url}${hook}`, { method: 'POST', headers, body }).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.status;
    },
    async moveClock(times) {
      for (let left = times; left > 0; left--) {
        running?.child.kill('SIGUSR2');
        // Less than a jump of the clock is what a sweep sees in between.
        await sleep(MOVE_MS);
      }
    },
    workloads: () => workloadsOf(data),
    output: () => printed + (running?.output() ?? ''),
    async dispose() {
      await subject.kill('SIGTERM');
      for (const pid of [...workloadsOf(data), ...postgresOf(data)]) signal(pid, 'SIGKILL');
      rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  return subject;
}
