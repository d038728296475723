/** Redis servers as processes of this machine, each with a directory, a port and users of its own. */
import { Problem } from '../../../core/problem.ts';
import type { Caches } from '../../../ports/caches.ts';
import { createOwnedServers } from '../owned-servers.ts';
import type { FoundRedis } from './redis-program.ts';
import { createRedisServer } from './redis-server.ts';

export interface LocalCachesOptions {
  /** Holds a directory for each server. */
  directory: string;
  find(): Promise<FoundRedis>;
  /** Lines about what the servers do by themselves. */
  log?(line: string): void;
}

export interface LocalCaches extends Caches {
  /** Starts the servers that shall run: after a restart workloads expect them. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

export function createLocalCaches({
  directory,
  find,
  log = () => undefined,
}: LocalCachesOptions): LocalCaches {
  const servers = createOwnedServers({
    directory,
    open: (place) => createRedisServer({ directory: place, find, log }),
  });
  return {
    async refusal() {
      const found = await find();
      return 'run' in found ? undefined : found;
    },
    ensure: ({ name, tag }, spec, login) =>
      servers.ensure(name, tag, async (server) => ({ host: HOST, port: await server.ensure(spec, login) })),
    async allow({ name, tag }, login) {
      const port = await servers.withServer(name, tag, (server) => server.allow(login));
      if (port !== undefined) return { host: HOST, port };
      throw new Problem('unavailable', `There is no Redis server ${name}.`, {
        hint: 'Deploy again: that makes it.',
      });
    },
    async disable({ name, tag }, username) {
      await servers.withServer(name, tag, (server) => server.disable(username));
    },
    async sleep({ name, tag }) {
      await servers.withServer(name, tag, (server) => server.sleep());
    },
    async wake({ name, tag }) {
      await servers.withServer(name, tag, (server) => server.wake());
    },
    remove: ({ name, tag }) => servers.remove(name, tag),
    async inventory({ name, tag }) {
      return (await servers.exists(name, tag)) ? [`redis server ${name}`] : [];
    },
    resume: servers.resume,
    close: servers.close,
  };
}
