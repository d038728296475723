/** Redis servers in containers of their own, each reached at a port of this machine's loopback interface. */
import { once } from 'node:events';
import { redisMemoryLimit } from '../../ports/rules/redis-users.ts';
import type { RunningProgram } from '../system/program.ts';
import { bodyOf } from './container-body.ts';
import type { Engine } from './engine.ts';
import type { Found } from './find-engine.ts';
import { type Networks, removeLabelled } from './network/networks.ts';
import { createRelay, endRelay } from './network/relays.ts';
import { ensureImage } from './pull-image.ts';
import { runContainer } from './run-container.ts';

export interface RedisContainersOptions {
  instanceId: string;
  networks: Networks;
  connect(): Promise<Found>;
}

export interface RedisContainer {
  /** As the engine pulls it. */
  image: string;
  /** On this machine; it is the server's working directory. */
  data: string;
  account: { uid: number; gid: number };
  /** Redis's own, but for where it listens. */
  settings: Readonly<Record<string, string>>;
  /** Of the loopback interface. */
  port: number;
  onLine(line: string): void;
}

export interface RedisContainers {
  /** How a server is run, or why none can be, as a clause. */
  find(): Promise<{ run(container: RedisContainer): RunningProgram } | { why: string }>;
  /** Removes what is left of them in the engine; the servers have been stopped before. */
  close(): Promise<void>;
}

/** Not that of the containers of workloads, which end before their servers do. */
export const SERVER_LABEL = 'dev.berth.server-of';
const INSIDE = 6379;

export function createRedisContainers(options: RedisContainersOptions): RedisContainers {
  const { instanceId, networks, connect } = options;
  const labels = { [SERVER_LABEL]: instanceId };
  let cleared: Promise<void> | undefined;

  /** What an earlier life of Berth left would write into the same files. */
  const clear = (engine: Engine): Promise<void> => {
    cleared ??= removeLabelled(engine, labels).catch((error: unknown) => {
      cleared = undefined;
      throw error;
    });
    return cleared;
  };

  function run(engine: Engine, container: RedisContainer): RunningProgram {
    const { image, data, account, port, onLine } = container;
    const settings = {
      ...container.settings,
      port: String(INSIDE),
      bind: '*',
      dir: '/data',
      'protected-mode': 'no',
    };
    const words = [
      'redis-server',
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ];
    let network = '';
    const body = async (): Promise<object> => {
      await clear(engine);
      await ensureImage(engine, image);
      network = await networks.ensureForServers(engine, labels);
      const memoryBytes = redisMemoryLimit(Number(container.settings.maxmemory));
      const user = { user: `${account.uid}:${account.gid}`, id: account.uid };
      const mounts = [{ Type: 'bind' as const, Source: data, Target: '/data', ReadOnly: false }];
      return {
        ...bodyOf(image, words, { limits: { memoryBytes }, requests: {} }, { network, user, mounts }),
        WorkingDir: '/data',
        Labels: labels,
      };
    };
    const relay = createRelay(() => ({ host: running.address() ?? '127.0.0.1', port: INSIDE }));
    const beforeStart = async (): Promise<void> => {
      relay.server.listen(port, '127.0.0.1');
      await once(relay.server, 'listening');
    };
    const request = { body, beforeStart, networkOf: () => network };
    const running = runContainer(engine, request, { onLine: (_, line) => onLine(line) });
    running.exited.finally(() => endRelay(relay));
    return running;
  }

  return {
    async find() {
      const found = await connect();
      return 'why' in found ? found : { run: (container) => run(found.engine, container) };
    },
    async close() {
      const found = cleared && (await connect());
      if (found && 'engine' in found) await removeLabelled(found.engine, labels).catch(() => undefined);
    },
  };
}
