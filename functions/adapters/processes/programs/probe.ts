/** Asks a running container whether it is well. */

import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { limits } from '../../../core/limits.ts';
import type { Probe } from '../../../ports/workloads.ts';
import { type ProgramOptions, startProgram } from '../../system/program.ts';
import { listenerOf } from '../network/port-pool.ts';

export interface ProbeTarget {
  /** The port on this machine for one in the container. */
  port(containerPort: number): number;
  /** Addresses at which it may listen. */
  hosts(): readonly string[];
  exec: Exec;
}

/** Runs a command where the container is. @returns why it failed, as a clause; undefined when it ended with 0 */
export type Exec = (command: readonly string[], timeoutMs: number) => Promise<Finding>;

/** Why it is not well, as a clause: "GET /health on port 8080 answered 500". Undefined when it is. */
export type Finding = string | undefined;

export const PROBE_TIMEOUT_MS = limits.probeSeconds.value * 1000;

async function probeHttp(
  get: NonNullable<Probe['httpGet']>,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<Finding> {
  const port = target.port(get.port);
  const what = `GET ${get.path} on port ${get.port}`;
  const hostname = await listenerOf(port, timeoutMs, target.hosts());
  if (!hostname) return `${what} found nothing listening: on this machine $PORT names the port, here ${port}`;
  const headers: Record<string, string> = { 'user-agent': 'berth-probe' };
  // Berth itself connects only to the replica: `host` is what the request says, not where it goes.
  if (get.host) headers.host = get.host;
  for (const { name, value } of get.headers) headers[name.toLowerCase()] = value;
  return new Promise((resolve) => {
    const options = {
      hostname,
      port,
      path: get.path,
      headers,
      agent: false,
      rejectUnauthorized: false,
    } as const;
    const fail = (error: Error): void => resolve(`${what} failed: ${error.message}`);
    try {
      const request = (get.scheme === 'HTTPS' ? requestHttps : requestHttp)(options, (response) => {
        const status = response.statusCode ?? 0;
        resolve(status >= 200 && status < 400 ? undefined : `${what} answered ${status}`);
        request.destroy();
      });
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
      request.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve(`${what} answered ${response.statusCode}, which it had not been asked for`);
      });
      request.on('error', fail);
      request.on('close', () => {
        clearTimeout(timer);
        resolve(`${what} got no answer`);
      });
      request.end();
    } catch (error) {
      // Node refuses a header or a path that HTTP does not allow.
      fail(error as Error);
    }
  });
}

/** Runs a command as a process of this machine. @param shown what it is called by those who wrote it */
export async function runCommand(
  start: Omit<ProgramOptions, 'onLine'>,
  shown: readonly string[],
  timeoutMs: number,
): Promise<Finding> {
  const what = `the command ${JSON.stringify(shown[0] ?? '')}`;
  const child = startProgram({ ...start, onLine: () => undefined });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill();
  }, timeoutMs);
  const exit = await child.ended;
  clearTimeout(timer);
  if (late) return `${what} did not end within ${timeoutMs / 1000} s`;
  if (exit.error) return `${what} could not be started (${exit.error.code ?? exit.error.message})`;
  if (exit.code === 0) return undefined;
  return `${what} ended with ${exit.signal ? `signal ${exit.signal}` : `code ${exit.code}`}`;
}

/** Never rejects. */
export async function runProbe(
  probe: Probe,
  target: ProbeTarget,
  timeoutMs = PROBE_TIMEOUT_MS,
): Promise<Finding> {
  if (probe.httpGet) {
    const finding = await probeHttp(probe.httpGet, target, timeoutMs);
    if (finding) return finding;
  }
  return probe.exec ? target.exec(probe.exec.command, timeoutMs) : undefined;
}
