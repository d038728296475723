/** A whole Berth on one machine for a test: its own directory, a free port, everything real. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalBerth, startLocal } from '../../functions/hosts/machine/berth.ts';
import type { LocalConfig } from '../../functions/hosts/machine/config/config.ts';
import { packDirectory } from '../../functions/hosts/machine/demo/demo-source.ts';
import { type LocalLog, silentLog } from '../../functions/hosts/machine/terminal-log.ts';
import { type ApiClient, apiClient } from './client.ts';
import { askWorkload, type WorkloadAnswer, type WorkloadRequest } from './workload.ts';

export type { Answer, Json } from './client.ts';

export interface TestBerth extends ApiClient {
  url: string;
  token: string;
  directory: string;
  berth: LocalBerth;
  /** Asks a workload through the router by its host. */
  workload(host: string, path?: string, init?: WorkloadRequest): Promise<WorkloadAnswer>;
  /** Stops and starts again on the same directory. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param options.parent where its directory is made; the system's place for temporary files unless given
 * @param options.copyOf what is in its directory before it starts
 * @param options.containers the container engine; without it all runs as processes
 * @param options.port a free one unless given
 * @param options.domains from whom certificates are ordered; from nobody unless given
 * @param options.log what is told what it says; nobody unless given
 */
export async function startBerth(
  options: {
    sweepSeconds?: number;
    parent?: string;
    copyOf?: string;
    log?: LocalLog;
    trustedReceivers?: string[];
    trustedDatabases?: string[];
    containers?: LocalConfig['containers'];
    port?: number;
    domains?: LocalConfig['domains'];
  } = {},
): Promise<TestBerth> {
  const directory = await mkdtemp(join(options.parent ?? tmpdir(), 'berth-test-'));
  if (options.copyOf) await cp(options.copyOf, directory, { recursive: true });
  const config = {
    port: options.port ?? 0,
    host: '127.0.0.1',
    dataDirectory: directory,
    demo: false,
    sweepSeconds: options.sweepSeconds ?? 0.2,
    ...(options.domains && { domains: options.domains }),
    ...(options.containers && { containers: options.containers }),
    ...(options.trustedReceivers && { trustedReceivers: options.trustedReceivers }),
    ...(options.trustedDatabases && { trustedDatabases: options.trustedDatabases }),
  };
  let berth = await startLocal(config, options.log ?? silentLog);
  await berth.resumed;

  const subject: TestBerth = {
    get url() {
      return loopback(berth.url);
    },
    get token() {
      return berth.token;
    },
    directory,
    get berth() {
      return berth;
    },
    ...apiClient(() => ({ url: loopback(berth.url), token: berth.token })),
    workload: (host, path = '/', init = {}) => askWorkload(new URL(berth.url).port, host, path, init),
    async restart() {
      await berth.close();
      berth = await startLocal(config, options.log ?? silentLog);
      await berth.resumed;
    },
    async close() {
      await berth.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  return subject;
}

const loopback = (url: string): string => url.replace('localhost', '127.0.0.1');

export const exampleDirectory = (name: string): string => join(import.meta.dirname, '../../examples', name);

export const packExample = (name: string, change?: (file: string, text: string) => string) =>
  packDirectory(exampleDirectory(name), change);
