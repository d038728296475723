/** What befalls an installation, by chance. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import { type Installation, signal } from './installation.ts';

export interface Trouble {
  name: string;
  /** Needs a disk of its own. */
  disk?: true;
  befall(installation: Installation, random: Random): Promise<void>;
}

/** Stops a process for a while. */
async function freeze(pid: number | undefined, random: Random, seconds: number): Promise<void> {
  signal(pid, 'SIGSTOP');
  await sleep(500 + random.below(seconds * 1_000));
  signal(pid, 'SIGCONT');
}

async function restart(installation: Installation, random: Random, by: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  await installation.end(by);
  await sleep(random.below(1_500));
  await installation.start();
}

export const troubles: Trouble[] = [
  { name: 'Berth is killed', befall: (installation, random) => restart(installation, random, 'SIGKILL') },
  {
    name: 'Berth is killed twice',
    befall: async (installation, random) => {
      await restart(installation, random, 'SIGKILL');
      await sleep(random.below(1_000));
      await restart(installation, random, 'SIGKILL');
    },
  },
  {
    name: 'Berth is stopped in order',
    befall: (installation, random) => restart(installation, random, 'SIGTERM'),
  },
  { name: 'Berth freezes', befall: (installation, random) => freeze(installation.pid(), random, 8) },
  {
    name: 'PostgreSQL is killed',
    befall: async (installation) => signal(installation.postgres()[0], 'SIGKILL'),
  },
  {
    name: 'PostgreSQL freezes',
    befall: (installation, random) => freeze(installation.postgres()[0], random, 6),
  },
  {
    name: 'a process of PostgreSQL is killed',
    async befall(installation, random) {
      const [, ...children] = installation.postgres();
      if (children.length > 0) signal(random.pick(children), 'SIGKILL');
    },
  },
  {
    name: 'Berth and PostgreSQL are killed',
    async befall(installation, random) {
      signal(installation.postgres()[0], 'SIGKILL');
      await restart(installation, random, 'SIGKILL');
    },
  },
  {
    name: 'a workload is killed',
    async befall(installation, random) {
      const pids = installation.workloads();
      if (pids.length > 0) signal(random.pick(pids), 'SIGKILL');
    },
  },
  {
    name: 'a workload freezes',
    async befall(installation, random) {
      const pids = installation.workloads();
      if (pids.length > 0) await freeze(random.pick(pids), random, 6);
    },
  },
  {
    name: 'the disk is full',
    disk: true,
    async befall(installation, random) {
      await installation.fill();
      await sleep(1_000 + random.below(6_000));
      installation.free();
    },
  },
  {
    name: 'Berth is killed while the disk is full',
    disk: true,
    async befall(installation, random) {
      await installation.fill();
      await sleep(random.below(2_000));
      await installation.end('SIGKILL');
      // Whoever runs it sees why it does not start, and makes room.
      setTimeout(() => installation.free(), 500 + random.below(3_000));
      await installation.start();
      installation.free();
    },
  },
];
