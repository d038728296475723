/** An open-loop load: requests start on time, whether or not earlier ones have been answered. */
import { Agent, request } from 'node:http';

export interface LoadResult {
  /** Milliseconds from when the request was due to its answer. */
  p50: number;
  p99: number;
  max: number;
  failed: number;
}

export interface LoadRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export async function load(
  url: string,
  options: { perSecond: number; seconds: number; next: (index: number) => LoadRequest },
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const count = options.perSecond * options.seconds;
  const latencies: number[] = [];
  let failed = 0;
  const started = performance.now();
  const running: Promise<void>[] = [];
  let index = 0;
  await new Promise<void>((resolve) => {
    const tick = setInterval(() => {
      const due = Math.min(count, Math.floor(((performance.now() - started) / 1000) * options.perSecond) + 1);
      for (; index < due; index++) {
        const dueAt = started + (index / options.perSecond) * 1000;
        running.push(
          send(agent, url, options.next(index)).then((ok) => {
            latencies.push(performance.now() - dueAt);
            if (!ok) failed++;
          }),
        );
      }
      if (index >= count) {
        clearInterval(tick);
        resolve();
      }
    }, 1);
  });
  await Promise.all(running);
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const at = (part: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))]!;
  return { p50: at(0.5), p99: at(0.99), max: at(1), failed };
}

function send(agent: Agent, url: string, { method, path, headers, body }: LoadRequest): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(url + path, { agent, method, ...(headers && { headers }) }, (response) => {
      response.resume();
      response.on('end', () => resolve((response.statusCode ?? 500) < 300));
    });
    sent.on('error', () => resolve(false));
    sent.end(body);
  });
}
