/** Servers for one resource each: a directory of its own, with all that the server keeps. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerNotOurs } from '../../ports/rules/server-not-ours.ts';

export interface OwnedServer {
  /** Starts it if it shall run: after a restart workloads expect it. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

export interface OwnedServersOptions<Server extends OwnedServer> {
  /** Holds a directory for each. */
  directory: string;
  open(directory: string): Server;
}

export interface OwnedServers<Server extends OwnedServer> {
  /** Makes its directory if there is none. Whatever is done with one server is done in turn. @throws ServerNotOurs */
  ensure<T>(name: string, tag: string, work: (server: Server) => Promise<T>): Promise<T>;
  /** As `ensure`; undefined where there is none. @throws ServerNotOurs */
  withServer<T>(name: string, tag: string, work: (server: Server) => Promise<T>): Promise<T | undefined>;
  /** Ends it, and removes all that it kept. @throws ServerNotOurs */
  remove(name: string, tag: string): Promise<boolean>;
  exists(name: string, tag: string): Promise<boolean>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

const NAME = /^[a-z](?:-?[a-z0-9]){0,62}$/;

export function createOwnedServers<Server extends OwnedServer>({
  directory,
  open,
}: OwnedServersOptions<Server>): OwnedServers<Server> {
  const servers = new Map<string, Server>();
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
  const serverOf = (name: string): Server => {
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
    ensure: (name, tag, work) =>
      inTurn(name, async () => {
        if (!(await check(name, tag))) {
          const path = pathOf(name);
          await mkdir(path, { recursive: true, mode: 0o700 });
          await writeFile(join(path, 'owner.new'), tag, { flush: true });
          await rename(join(path, 'owner.new'), join(path, 'owner'));
        }
        return work(serverOf(name));
      }),

    withServer: (name, tag, work) =>
      inTurn(name, async () => ((await check(name, tag)) ? work(serverOf(name)) : undefined)),

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
