/** Servers for one resource each: a directory with data, port and password of its own. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatabaseServer, type DedicatedServers, ServerNotOurs } from '../../../ports/databases.ts';

interface OpenServer extends DatabaseServer {
  resume(): Promise<void>;
  close(): Promise<void>;
}

export interface DedicatedOptions {
  /** Holds a directory for each. */
  directory: string;
  open(directory: string): OpenServer;
}

export interface LocalDedicatedServers extends DedicatedServers {
  resume(): Promise<void>;
  close(): Promise<void>;
}

const NAME = /^[a-z](?:-?[a-z0-9]){0,62}$/;

export function createDedicatedServers({ directory, open }: DedicatedOptions): LocalDedicatedServers {
  const servers = new Map<string, OpenServer>();
  /** One change of a server at a time. */
  const turns = new Map<string, Promise<unknown>>();

  const pathOf = (name: string): string => {
    if (!NAME.test(name)) throw new TypeError('the server has no name that is a directory’s');
    return join(directory, name);
  };
  const inTurn = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(name) ?? Promise.resolve()).then(work, work);
    turns.set(
      name,
      turn.catch(() => undefined),
    );
    return turn;
  };
  const serverOf = (name: string): OpenServer => {
    const server = servers.get(name) ?? open(pathOf(name));
    servers.set(name, server);
    return server;
  };

  /**
   * The tag of a server; undefined where there is none. It is written before anything else is made, and removed last.
   */
  const tagOf = (name: string): Promise<string | undefined> =>
    readFile(join(pathOf(name), 'owner'), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });

  async function check(name: string, tag: string): Promise<boolean> {
    const found = await tagOf(name);
    if (found !== undefined && found !== tag) throw new ServerNotOurs(name);
    return found !== undefined;
  }

  return {
    superuser: true,
    ensure: (name, { tag }) =>
      inTurn(name, async () => {
        if (!(await check(name, tag))) {
          const path = pathOf(name);
          await mkdir(path, { recursive: true, mode: 0o700 });
          await writeFile(join(path, 'owner.new'), tag, { flush: true });
          await rename(join(path, 'owner.new'), join(path, 'owner'));
        }
        const server = serverOf(name);
        await server.endpoint();
        return server;
      }),

    remove: (name, tag) =>
      inTurn(name, async () => {
        if (!(await check(name, tag))) return true;
        // A server that an earlier life of Berth left running is found by starting it.
        const server = serverOf(name);
        await server.resume().catch(() => undefined);
        await server.close();
        servers.delete(name);
        const path = pathOf(name);
        for (const entry of await readdir(path))
          if (entry !== 'owner')
            await rm(join(path, entry), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
        await rm(path, { recursive: true, force: true });
        return true;
      }),

    exists: (name, tag) =>
      check(name, tag).catch((error: unknown) => {
        if (error instanceof ServerNotOurs) return false;
        throw error;
      }),

    async resume() {
      const names = await readdir(directory).catch(() => []);
      await Promise.all(names.filter((name) => NAME.test(name)).map((name) => serverOf(name).resume()));
    },

    async close() {
      await Promise.all([...turns.values()]);
      await Promise.all([...servers.values()].map((server) => server.close()));
    },
  };
}
