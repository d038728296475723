import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabaseSources } from '../../../functions/adapters/outgoing/database-sources.ts';
import { databaseSourcesContract } from '../../contracts/outgoing/database-sources.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { type ImportSource, openImportSource, PASSWORD } from '../../system/data/import-source.ts';

const makeDirectory = temporaryDirectories();
let source: ImportSource;
beforeAll(async () => {
  source = await openImportSource(makeDirectory());
});
afterAll(() => source?.close());

databaseSourcesContract('outgoing', async () => ({
  sources: createDatabaseSources({ trusted: [`127.0.0.1:${source.port}`] }),
  url: source.url,
  broken: source.url.replace('/shop?', '/none?'),
  password: PASSWORD,
  dispose: async () => undefined,
}));

it('A name that has a private address among others is not connected to, whatever it says of itself', async () => {
  const asked: string[] = [];
  const lookup = ((name: string, _options: object, done: (error: null, found: object[]) => void) => {
    asked.push(name);
    done(null, [{ address: '93.184.216.34' }, { address: '127.0.0.1' }]);
  }) as never;
  const sources = createDatabaseSources({ lookup });
  const url = source.url.replace('127.0.0.1', 'db.example.com');
  await expect(Array.fromAsync(sources.read({ url }, AbortSignal.timeout(5_000)))).rejects.toThrow(
    /db\.example\.com:\d+\/shop can not be read: its name has no public address/,
  );
  expect(asked).toEqual(['db.example.com']);
});

it('A server that never answers, or does not speak as one does, is given up, and ends nothing else', async () => {
  for (const [answers, why] of [
    [undefined, /did not answer in time/],
    [Buffer.from('R\0\0\0\x08\0\0\0\x07'), /the connection failed|did not answer in time/],
  ] as const) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => answers && socket.write(answers));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const sources = createDatabaseSources({ trusted: [`127.0.0.1:${port}`], timeoutMs: 300 });
    const url = `postgres://a:b@127.0.0.1:${port}/shop?sslmode=disable`;
    await expect(Array.fromAsync(sources.read({ url }, AbortSignal.timeout(5_000)))).rejects.toThrow(why);
    server.close();
  }
});
