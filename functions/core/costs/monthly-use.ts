/** What runs or is kept, in the units that AWS charges for in a month, and the room on nodes that pods take. */
import type { Unit, Units } from '../units.ts';

/** Hours of a month, as AWS reckons. */
export const HOURS = 730;
export const GIB = 2 ** 30;

/** Units of a month. */
export interface MonthlyUse {
  /** While its environment is awake. */
  awake: Units;
  /** Whether it is awake or sleeps: the storage of its data, and servers that do not sleep. */
  always: Units;
}

/**
 * What pods get of a node of two CPUs and 4 GiB, which `eks.nodeHour` is the price of. The rest is the system's, and room
 * that is left where pods do not fit together.
 */
export const NODE = { cpu: 1.4, memoryBytes: 2.4 * GIB };

/** The part of a node that a pod keeps from others: of its processor or its memory, whichever is more. */
export const nodeShare = ({ cpu, memoryBytes }: { cpu: number; memoryBytes: number }): number =>
  Math.max(cpu / NODE.cpu, memoryBytes / NODE.memoryBytes);

/** Pods that are alike and run for the whole month. */
export const podUnits = (requests: { cpu: number; memoryBytes: number }, pods = 1): Units => ({
  'eks.nodeHour': HOURS * nodeShare(requests) * pods,
});

/**
 * What an installation has whether anything is deployed or not; the same assumptions as in the bills of three companies. The
 * capacity of the database server is its least one while anybody is connected.
 */
const COMMON: readonly (readonly [what: string, unit: Unit, amount: number])[] = [
  ['EKS cluster', 'eks.clusterHour', HOURS],
  ['The node of what the cluster itself needs', 'eks.nodeHour', HOURS],
  ['NAT gateway', 'vpc.natGatewayHour', HOURS],
  ['Load balancer of the gateway', 'nlb.hour', HOURS],
  ['Its capacity, one unit', 'nlb.capacityUnitHour', HOURS],
  ['Public addresses, three', 'vpc.publicAddressHour', 3 * HOURS],
  ['Shared database server, at its least', 'aurora.acuHour', 0.5 * HOURS],
  ['Secrets of the installation', 'secretsmanager.secret', 2],
];

export const commonUses = COMMON.map(([name, unit, amount]) => ({ name, unit, amount }));
