/** A network for each environment, without a way to anything but its own containers and what is relayed. */
import type { EnvironmentRef } from '../../core/model/index.ts';
import { type Engine, isGone, isThere } from './engine.ts';

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
  /** This machine's address in it. */
  gateway: string;
}

interface Described {
  IPAM?: { Config?: { Gateway?: string }[] };
}

interface Listed {
  Id: string;
  Name?: string;
  Names?: string[];
  Labels?: Record<string, string>;
}

export const networkName = (instanceId: string, ref: EnvironmentRef): string =>
  `berth-${instanceId}-${ref.project}.${ref.environment}`;

export async function ensureNetwork(
  engine: Engine,
  instanceId: string,
  ref: EnvironmentRef,
): Promise<Network> {
  const name = networkName(instanceId, ref);
  const describe = (): Promise<Described> => engine.call<Described>('GET', `/networks/${name}`);
  const described = await describe().catch(async (error: unknown) => {
    if (!isGone(error)) throw error;
    const body = { Name: name, CheckDuplicate: true, Internal: true, Labels: labelsOf(instanceId, ref) };
    await engine.call('POST', '/networks/create', { body }).catch((raced: unknown) => {
      if (!isThere(raced)) throw raced;
    });
    return describe();
  });
  const gateway = described.IPAM?.Config?.find((config) => config.Gateway?.includes('.'))?.Gateway;
  if (gateway === undefined) throw new Error(`the network ${name} has no gateway`);
  return { name, gateway };
}

const filterOf = (labels: Record<string, string>): string =>
  JSON.stringify({ label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) });

/** Containers with these labels, running or not. */
export const listContainers = (engine: Engine, labels: Record<string, string>): Promise<Listed[]> =>
  engine.call<Listed[]>('GET', '/containers/json', { query: { all: true, filters: filterOf(labels) } });

export const listNetworks = (engine: Engine, labels: Record<string, string>): Promise<Listed[]> =>
  engine.call<Listed[]>('GET', '/networks', { query: { filters: filterOf(labels) } });

/** Removes what has these labels: containers first, for they hold their network. */
export async function removeLabelled(
  engine: Engine,
  labels: Record<string, string>,
  keepNetwork: (network: { project: string; environment: string }) => boolean = () => false,
): Promise<void> {
  const ignoreGone = (error: unknown): void => {
    if (!isGone(error)) throw error;
  };
  for (const { Id } of await listContainers(engine, labels))
    await engine.call('DELETE', `/containers/${Id}`, { query: { force: true, v: true } }).catch(ignoreGone);
  for (const { Name = '', Labels = {} } of await listNetworks(engine, labels)) {
    const place = { project: Labels[PROJECT_LABEL] ?? '', environment: Labels[ENVIRONMENT_LABEL] ?? '' };
    if (!keepNetwork(place)) await engine.call('DELETE', `/networks/${Name}`).catch(ignoreGone);
  }
}
