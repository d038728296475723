/** What a service uses in a month, by what its workload asks for. */
import type { Processes } from '../model/environment.ts';
import { containersApart, processesOf } from '../score/processes.ts';
import { containerCompute } from '../score/quantities.ts';
import { readSettings } from '../score/settings.ts';
import type { ScoreContainer, ScoreWorkload } from '../score/workload.ts';
import type { Units } from '../units.ts';
import { GIB, podUnits } from './monthly-use.ts';

/** What a cluster reserves for a container that asks for nothing. */
const UNNAMED = { cpu: 0.05, memoryBytes: GIB / 8 };

/** What a service prints in a month, in GB. Nobody counts it, so that it is the same for each. */
export const LOGS_GB = 0.2;

/** A container that has to be complete before another one starts is gone when the pod serves. */
const staysOn = ({ before = {} }: ScoreContainer): boolean =>
  !Object.values(before).some(({ ready }) => ready === 'complete');

/** What a cluster reserves for one replica: for each container its request, or its limit where it names no request. */
export function podRequests(workload: Pick<ScoreWorkload, 'containers'>): {
  cpu: number;
  memoryBytes: number;
} {
  let sum = { cpu: 0, memoryBytes: 0 };
  for (const container of Object.values(workload.containers).filter(staysOn)) {
    const { limits, requests } = containerCompute(container);
    const { cpu, memoryBytes } = { ...UNNAMED, ...limits, ...requests };
    sum = { cpu: sum.cpu + cpu, memoryBytes: sum.memoryBytes + memoryBytes };
  }
  return sum;
}

export interface ServiceFacts {
  name: string;
  workload: ScoreWorkload;
  /** The scale that people set, in place of what the Score file asks for. */
  replicas?: number;
  /** Numbers of replicas of its processes, of which those that people set count. */
  processes?: Processes;
}

/** How many replicas it has at least, and how many it may scale to. */
export function replicasOf({ workload, replicas: scaled }: Omit<ServiceFacts, 'name'>): {
  least: number;
  most: number;
} {
  const { replicas, maxReplicas } = readSettings(workload.metadata.annotations).settings;
  const least = scaled ?? replicas;
  return { least, most: Math.max(least, maxReplicas) };
}

/** @param replicas of its web; processes have their own */
export function serviceUnits(
  { workload, processes }: Pick<ServiceFacts, 'workload' | 'processes'>,
  replicas: number,
): Units {
  const numbers = processesOf(workload, processes) ?? {};
  const hours = containersApart(workload).map(({ process, containers }) => {
    const pods = process === undefined ? replicas : (numbers[process]?.replicas ?? 0);
    return podUnits(podRequests({ containers }), pods)['eks.nodeHour'] ?? 0;
  });
  return {
    'eks.nodeHour': hours.reduce((sum, each) => sum + each, 0),
    'logs.gbIngested': LOGS_GB,
  };
}
