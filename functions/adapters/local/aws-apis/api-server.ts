/**
 * One bucket or queue of this machine: a process of its own, in a directory of its own:
 *
 *     settings.json           what it is set to
 *     data/keys.json          the secret of each key, by its id
 *     data/fauxqs.db          all that it keeps
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits } from '../../../core/limits.ts';
import type { AccessKey, BucketOrQueueRef, BucketOrQueueSpec } from '../../../ports/buckets-and-queues.ts';
import { queueOrderChanged } from '../../../ports/rules/queue-order.ts';
import { replaceFile } from '../../files/atomic-file.ts';
import { startProgram } from '../../system/program.ts';
import { createKeptServer, type KeptServer } from '../kept-server.ts';

/** What the process is started with. */
export interface ApiServerSettings extends KeptSettings {
  port: number;
  bodyBytes: number;
}

interface KeptSettings {
  kind: BucketOrQueueRef['kind'];
  /** As programs name it. */
  name: string;
  region: string;
  maxBytes: number;
  /** The attributes of a queue, in the words of SQS. */
  queue: Record<string, string>;
}

export interface ApiServer extends Pick<KeptServer, 'sleep' | 'wake' | 'resume' | 'close'> {
  /** @returns the port */
  ensure(settings: KeptSettings, key: AccessKey): Promise<number>;
  allow(key: AccessKey): Promise<void>;
  retain(keyId: string): Promise<void>;
}

export interface ApiServerOptions {
  directory: string;
  log(line: string): void;
}

/** All that JavaScript keeps there; what is sent and read is beside it. */
const HEAP_MIB = 128;
/** What it runs. */
const READS = ['package.json', 'functions', 'node_modules'].map((part) =>
  fileURLToPath(new URL(`../../../../${part}`, import.meta.url)),
);
const MAIN = fileURLToPath(new URL('./api-server.main.ts', import.meta.url));

export const queueAttributes = ({ visibilitySeconds }: BucketOrQueueSpec): Record<string, string> => ({
  VisibilityTimeout: String(visibilitySeconds),
});

export function createApiServer({ directory, log }: ApiServerOptions): ApiServer {
  const settingsPath = join(directory, 'settings.json');
  const data = join(directory, 'data');
  const keysPath = join(data, 'keys.json');
  const readSettings = (): Promise<string> => readFile(settingsPath, 'utf8').catch(() => '');

  const server = createKeptServer({
    directory,
    title: 'server of a bucket or queue',
    program: 'node',
    isMade: () => existsSync(settingsPath),
    async launch({ data: place, port, onLine }) {
      const kept = JSON.parse(await readSettings()) as KeptSettings;
      const { value: bodyBytes } = kept.kind === 'bucket' ? limits.objectBody : limits.messageBody;
      const settings: ApiServerSettings = { ...kept, port, bodyBytes };
      return startProgram({
        command: process.execPath,
        args: [
          `--max-old-space-size=${HEAP_MIB}`,
          '--max-semi-space-size=1',
          '--disable-warning=ExperimentalWarning',
          // Its database is opened by its whole path, which another account may not reach: it stays that of Berth, and
          // reads and writes what is named here alone, and starts nothing.
          '--permission',
          ...READS.map((part) => `--allow-fs-read=${part}`),
          `--allow-fs-read=${place}`,
          `--allow-fs-write=${place}`,
          MAIN,
          JSON.stringify(settings),
        ],
        directory: place,
        variables: {},
        onLine: (_, line) => onLine(line),
      });
    },
    async ping(port) {
      await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) });
    },
    reason: (lines) => lines.find((line) => /error/i.test(line)),
    log,
  });

  async function readKeys(): Promise<Record<string, string>> {
    const text = await readFile(keysPath, 'utf8').catch(() => undefined);
    return text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
  }

  /** The process reads them anew at its next request. */
  async function writeKeys(keys: Record<string, string>): Promise<void> {
    await mkdir(data, { recursive: true, mode: 0o700 });
    await replaceFile(keysPath, (file) => file.writeFile(JSON.stringify(keys)));
  }

  async function allow({ id, secret }: AccessKey): Promise<void> {
    if (!/^[A-Za-z0-9]{16,128}$/.test(id)) throw new TypeError('that is no id of an access key');
    const keys = await readKeys();
    if (keys[id] !== secret) await writeKeys({ ...keys, [id]: secret });
  }

  return {
    async ensure(settings, key) {
      const text = JSON.stringify(settings);
      const before = await readSettings();
      // The name of a queue in order ends otherwise.
      if (before !== '' && (JSON.parse(before) as KeptSettings).name !== settings.name)
        throw queueOrderChanged();
      await allow(key);
      await server.rouse();
      if (before !== text) {
        await replaceFile(settingsPath, (file) => file.writeFile(text));
        // It reads them when it starts.
        await server.sleep();
        await server.rouse();
      }
      return (await server.ensureRunning()).port;
    },
    allow,
    async retain(keyId) {
      const keys = await readKeys();
      const kept = Object.fromEntries(Object.entries(keys).filter(([id]) => id === keyId));
      if (Object.keys(kept).length < Object.keys(keys).length) await writeKeys(kept);
    },
    sleep: server.sleep,
    wake: server.wake,
    resume: server.resume,
    close: server.close,
  };
}
