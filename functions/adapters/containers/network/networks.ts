/** A network for each environment, and one for the steps of builds. */
import { BlockList, isIPv4 } from 'node:net';
import type { EnvironmentRef } from '../../../core/model/index.ts';
import { type Engine, isGone } from '../engine.ts';
import { createFirewall } from './firewall.ts';

export const INSTANCE_LABEL = 'dev.berth.instance';
const PROJECT_LABEL = 'dev.berth.project';
const ENVIRONMENT_LABEL = 'dev.berth.environment';

export const labelsOf = (instanceId: string, ref: EnvironmentRef): Record<string, string> => ({
  [INSTANCE_LABEL]: instanceId,
  [PROJECT_LABEL]: ref.project,
  [ENVIRONMENT_LABEL]: ref.environment,
});

export interface Network {
  name: string;
  /** Such as `10.89.3.0/24`. */
  subnet: string;
  /** This machine's address in it. */
  gateway: string;
}

interface Described {
  IPAM?: { Config?: { Subnet?: string; Gateway?: string }[] };
}

interface Listed {
  Id: string;
  Name?: string;
  Names?: string[];
  Labels?: Record<string, string>;
}

export const networkName = (instanceId: string, ref: EnvironmentRef): string =>
  `berth-${instanceId}-${ref.project}.${ref.environment}`;

export interface Networks {
  /** Makes it where it is not there, and shuts it in, but for ports of its gateway. */
  ensure(engine: Engine, ref: EnvironmentRef, ports: Iterable<number>): Promise<Network>;
  /** Undefined where it is not there. */
  find(engine: Engine, ref: EnvironmentRef): Promise<Network | undefined>;
  /** For the steps of builds; undefined where this machine can not shut it in. */
  ensureForBuilds(engine: Engine): Promise<string | undefined>;
  /** For servers that nobody reaches but by this machine. @param labels by which it is found */
  ensureForServers(engine: Engine, labels: Record<string, string>): Promise<string>;
  /** Forgets one that is removed. */
  release(network: Network): Promise<void>;
  /** Whether an address is one of a container's. */
  has(address: string | undefined): boolean;
  clear(): Promise<void>;
}

/**
 * Where this machine's firewall can be set, containers reach the public internet and nothing inside; elsewhere their
 * networks have no way out.
 */
export function createNetworks(instanceId: string, firewall = createFirewall(instanceId)): Networks {
  const known = new Map<string, BlockList>();

  async function describe(engine: Engine, name: string): Promise<Network> {
    const described = await engine.call<Described>('GET', `/networks/${name}`);
    const config = described.IPAM?.Config?.find(({ Gateway = '' }) => isIPv4(Gateway));
    const { Subnet: subnet, Gateway: gateway } = config ?? {};
    if (subnet === undefined || gateway === undefined) throw new Error(`the network ${name} has no gateway`);
    return { name, subnet, gateway };
  }

  async function ensure(
    engine: Engine,
    name: string,
    labels: Record<string, string>,
    ports: Iterable<number>,
  ): Promise<Network> {
    const isShutIn = await firewall.isThere();
    const network = await describe(engine, name).catch(async (error: unknown) => {
      if (!isGone(error)) throw error;
      const body = { Name: name, CheckDuplicate: true, Internal: !isShutIn, Labels: labels };
      const made = await engine.call('POST', '/networks/create', { body }).then(
        () => undefined,
        (raced: Error) => raced,
      );
      // Two containers that start at once both make it, which the engines refuse by codes of their own.
      return describe(engine, name).catch((missing: unknown) => {
        throw made ?? missing;
      });
    });
    if (isShutIn) await firewall.enclose(network, ports);
    const [address = '', prefix] = network.subnet.split('/');
    const list = new BlockList();
    list.addSubnet(address, Number(prefix), 'ipv4');
    known.set(name, list);
    return network;
  }

  return {
    ensure: (engine, ref, ports) =>
      ensure(engine, networkName(instanceId, ref), labelsOf(instanceId, ref), ports),
    find: (engine, ref) =>
      describe(engine, networkName(instanceId, ref)).catch((error: unknown) => {
        if (isGone(error)) return undefined;
        throw error;
      }),
    async ensureForBuilds(engine) {
      if (!(await firewall.isThere())) return undefined;
      const labels = { [INSTANCE_LABEL]: instanceId };
      return (await ensure(engine, `berth-${instanceId}-builds`, labels, [])).name;
    },
    ensureForServers: async (engine, labels) =>
      (await ensure(engine, `berth-${instanceId}-servers`, labels, [])).name,
    async release(network) {
      known.delete(network.name);
      if (await firewall.isThere()) await firewall.release(network);
    },
    has(address) {
      const plain = address?.replace(/^::ffff:/, '') ?? '';
      return isIPv4(plain) && [...known.values()].some((list) => list.check(plain, 'ipv4'));
    },
    async clear() {
      if (await firewall.isThere()) await firewall.clear();
    },
  };
}

const filterOf = (labels: Record<string, string>): string =>
  JSON.stringify({ label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) });

/** Containers with these labels, running or not. */
export const listContainers = (engine: Engine, labels: Record<string, string>): Promise<Listed[]> =>
  engine.call<Listed[]>('GET', '/containers/json', { query: { all: true, filters: filterOf(labels) } });

export const listNetworks = (engine: Engine, labels: Record<string, string>): Promise<Listed[]> =>
  engine.call<Listed[]>('GET', '/networks', { query: { filters: filterOf(labels) } });

/** Removes what has these labels: containers first, for they hold their network. */
export async function removeLabelled(engine: Engine, labels: Record<string, string>): Promise<void> {
  const ignoreGone = (error: unknown): void => {
    if (!isGone(error)) throw error;
  };
  await Promise.all(
    (await listContainers(engine, labels)).map(async ({ Id }) => {
      // Podman would ask it to end first, and wait.
      await engine.call('POST', `/containers/${Id}/kill`).catch(() => undefined);
      await engine.call('DELETE', `/containers/${Id}`, { query: { force: true, v: true } }).catch(ignoreGone);
    }),
  );
  for (const { Name = '' } of await listNetworks(engine, labels))
    await engine.call('DELETE', `/networks/${Name}`).catch(ignoreGone);
}
