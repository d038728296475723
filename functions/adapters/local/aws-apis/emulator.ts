/** The APIs of S3 and SQS over one SQLite file, by fauxqs: without any check of who asks. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buildApp } from 'fauxqs';

export interface EmulatorOptions {
  kind: 'bucket' | 'queue';
  /** Holds all that is kept. */
  directory: string;
  region: string;
  /** The longest body. */
  bodyBytes: number;
}

export interface EmulatedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: Buffer;
}

export interface EmulatedAnswer {
  status: number;
  headers: Record<string, string | number | string[] | undefined>;
  body: Buffer;
}

export interface Emulator {
  ask(request: EmulatedRequest): Promise<EmulatedAnswer>;
  /** What is kept takes so much of the disk, bytes; what was deleted is taken again and does not count. */
  usedBytes(): number;
  close(): Promise<void>;
}

interface Loader {
  load(sqs: object, sns: object, s3: object): void;
  close(): void;
}
interface SqsParts {
  persistence?: object;
  host?: string | undefined;
  allQueues(): Iterable<{ persistence?: object }>;
}

/** Not exported by the package, whose own server listens on every address of the machine. */
async function parts() {
  const at = (file: string): string => new URL(file, import.meta.resolve('fauxqs')).href;
  const [{ SqsStore }, { SnsStore }, { S3Store }, { PersistenceManager }] = (await Promise.all([
    import(at('./sqs/sqsStore.js')),
    import(at('./sns/snsStore.js')),
    import(at('./s3/s3Store.js')),
    import(at('./persistence.js')),
  ])) as [
    { SqsStore: new () => SqsParts },
    { SnsStore: new () => { persistence?: object } },
    { S3Store: new () => { persistence?: object } },
    { PersistenceManager: new (directory: string) => Loader },
  ];
  return { SqsStore, SnsStore, S3Store, PersistenceManager };
}

export async function openEmulator({
  kind,
  directory,
  region,
  bodyBytes,
}: EmulatorOptions): Promise<Emulator> {
  const { SqsStore, SnsStore, S3Store, PersistenceManager } = await parts();
  const [sqsStore, snsStore, s3Store] = [new SqsStore(), new SnsStore(), new S3Store()];
  const persistence = new PersistenceManager(directory);
  // Addresses of queues are then those that were asked at.
  sqsStore.host = undefined;
  // What is there is loaded before anything is told to write.
  persistence.load(sqsStore, snsStore, s3Store);
  for (const store of [sqsStore, snsStore, s3Store, ...sqsStore.allQueues()]) store.persistence = persistence;
  // It sorts keys as people do and goes on after a key as machines do, so that a list of several pages would have holes.
  // This process runs nothing else.
  String.prototype.localeCompare = function order(other: string) {
    return this.valueOf() < other ? -1 : Number(this.valueOf() > other);
  };
  const app = buildApp({
    logger: false,
    defaultRegion: region,
    stores: { sqsStore, snsStore, s3Store } as never,
  });
  // Its own parsers take 11 MiB, and forms for something else than the object that they are sent as.
  if (kind === 'bucket') app.removeAllContentTypeParsers();
  else app.removeContentTypeParser('*');
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytes }, (_request, body, done) =>
    done(null, body),
  );
  await app.ready();
  const sizes = new DatabaseSync(join(directory, 'fauxqs.db'), { readOnly: true });
  const pragma = (name: string): number =>
    Number(Object.values(sizes.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
  const pageSize = pragma('page_size');
  return {
    async ask({ method, url, headers, body }) {
      const {
        statusCode,
        headers: given,
        rawPayload,
      } = await app.inject({
        method: method as 'GET',
        url,
        headers,
        ...(body && { payload: body }),
      });
      return { status: statusCode, headers: given, body: rawPayload };
    },
    usedBytes: () => (pragma('page_count') - pragma('freelist_count')) * pageSize,
    async close() {
      sizes.close();
      await app.close();
      persistence.close();
    },
  };
}
