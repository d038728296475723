/** A PostgreSQL server elsewhere, and a way to it that can be cut or held up. */
import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import pg from 'pg';
import { createEmbeddedPostgres } from '../../../functions/adapters/local/postgres/databases.ts';

export const PASSWORD = 'correct horse/battery';

export interface ImportSource {
  /** Of the server itself, for its `shop`. */
  url: string;
  port: number;
  query(text: string): Promise<void>;
  /** Lets the server send so many bytes, and then nothing, or ends the connection. @returns the URL to it */
  way(
    bytes: number,
    then: 'ends' | 'is silent',
  ): Promise<{ url: string; port: number; reached: Promise<void> }>;
  close(): Promise<void>;
}

export async function openImportSource(directory: string): Promise<ImportSource> {
  const server = createEmbeddedPostgres({ directory });
  const sql = await server.connect();
  await sql.query(`CREATE ROLE shop LOGIN PASSWORD '${PASSWORD}'`);
  await sql.query('CREATE DATABASE shop OWNER shop');
  await sql.end();
  const { port } = await server.endpoint();
  const urlAt = (at: number) =>
    `postgres://shop:${encodeURIComponent(PASSWORD)}@127.0.0.1:${at}/shop?sslmode=disable`;
  const client = new pg.Client({ connectionString: urlAt(port) });
  await client.connect();
  const ways: { close(): void }[] = [];
  return {
    url: urlAt(port),
    port,
    query: async (text) => void (await client.query(text)),
    async way(bytes, then) {
      const reached = Promise.withResolvers<void>();
      const sockets: Socket[] = [];
      const proxy = createServer((inner) => {
        const outer = dial(port, '127.0.0.1');
        sockets.push(inner, outer);
        for (const socket of [inner, outer]) socket.on('error', () => undefined);
        inner.on('data', (chunk) => outer.write(chunk));
        inner.on('close', () => outer.destroy());
        let left = bytes;
        outer.on('data', (chunk) => {
          left -= chunk.length;
          if (left > 0) return void inner.write(chunk);
          reached.resolve();
          if (then === 'ends') inner.destroy();
          outer.pause();
        });
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      ways.push({
        close() {
          proxy.close();
          for (const socket of sockets) socket.destroy();
        },
      });
      const at = (proxy.address() as { port: number }).port;
      return { url: urlAt(at), port: at, reached: reached.promise };
    },
    async close() {
      for (const way of ways) way.close();
      await client.end();
      await server.close();
    },
  };
}
