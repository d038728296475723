/** The processes of a workload, which run beside its web in replicas of their own. */
import type { Processes } from '../model/environment.ts';
import { readSettings } from './settings.ts';
import type { ScoreContainer, ScoreWorkload } from './workload.ts';

/**
 * What runs beside the web of a deployment, and in how many replicas.
 * @param before what ran there until now: a number that people set stays
 */
export function processesOf(
  workload: Pick<ScoreWorkload, 'metadata'>,
  before: Processes = {},
): Processes | undefined {
  const { processes } = readSettings(workload.metadata.annotations).settings;
  if (!processes) return undefined;
  return Object.fromEntries(
    Object.entries(processes).map(([name, replicas]) => {
      const known = Object.hasOwn(before, name) ? before[name] : undefined;
      return [name, known?.isScaled ? known : { replicas }];
    }),
  );
}

/** What was said, with what people ask for now. @param asked a number of replicas by process; null is that of the Score file */
export function scaledProcesses(
  before: Processes | undefined,
  asked: Readonly<Record<string, number | null>>,
): Processes {
  const set = Object.entries(asked).map(([name, replicas]): [string, Processes[string]] => [
    name,
    replicas === null ? { replicas: 0 } : { replicas, isScaled: true },
  ]);
  return { ...before, ...Object.fromEntries(set) };
}

/** The process that takes requests, and is in every service whose containers have it no other name. */
export const WEB = 'web';

/** What people call that which is no process of berth.dev/processes: `web`, or its one container where no request reaches it. */
export function mainProcess(workload: ScoreWorkload): string {
  const [{ containers } = { containers: {} }] = containersApart(workload);
  const [name = WEB, ...others] = Object.keys(containers);
  const takesRequests = Object.keys(workload.service?.ports ?? {}).length > 0;
  return takesRequests || others.length > 0 ? WEB : name;
}

/** Containers by what they run in: under no name those of the web, under its name each process. */
export function containersApart(
  workload: ScoreWorkload,
): { process?: string; containers: Record<string, ScoreContainer> }[] {
  const { processes = {} } = readSettings(workload.metadata.annotations).settings;
  const all = Object.entries(workload.containers);
  const isApart = ([name]: [string, ScoreContainer]): boolean => Object.hasOwn(processes, name);
  return [
    { containers: Object.fromEntries(all.filter((one) => !isApart(one))) },
    ...all.filter(isApart).map(([process, container]) => ({ process, containers: { [process]: container } })),
  ];
}
