/**
 * What people do with a service in an environment beside deploying to it. Each is a deployment of its own kind, so
 * that it has a number, the fence and a place in the history. None brings a new version, and none waits for approval.
 */
import { deploymentKey } from '../../core/keys.ts';
import { type Deployment, type Instance, type InstanceRef, isTerminal } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { mainProcess, scaledProcesses } from '../../core/score/processes.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import type { Ports } from '../../ports/index.ts';
import type { Caller } from '../../records/commit.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';
import { RUNS_IN } from '../environments/environments.ts';
import { noProcess } from '../environments/process-of.ts';
import { enforcePolicies } from '../guardrails/policies.ts';
import { type AcceptedDeployment, acceptDeployment } from './accept-deployment.ts';
import { sameAgain, scaleOf } from './deployment-content.ts';

/** What ends a service needs no environment that is awake. */
const ENDS_IN = ['ready', 'hibernated'] as const;

/** @throws Problem not_found */
function served(ref: InstanceRef, instance: Instance | undefined): Instance & { current: number } {
  if (instance?.current !== undefined) return { ...instance, current: instance.current };
  throw new Problem(
    'not_found',
    `Service "${ref.service}" has no working deployment in environment "${ref.environment}".`,
    { hint: 'Deploy a version of it there first.' },
  );
}

/**
 * What runs a version once more would take the place of a newer version that is on its way.
 * @throws Problem operation_in_progress
 */
async function refuseUnderWay(ports: Ports, instance: Instance): Promise<void> {
  if (instance.newest === instance.current) return;
  const newest = await ports.store.get<Deployment>(deploymentKey(instance, instance.newest));
  if (!newest || isTerminal(newest.data.status)) return;
  throw new Problem(
    'operation_in_progress',
    `Deployment ${instance.newest} of "${instance.service}" is under way in environment "${instance.environment}".`,
    { hint: `Follow operation ${newest.data.operation}, and ask again when it has ended; or cancel it.` },
  );
}

const refusal = (ref: InstanceRef, is: string, hint: string): Problem =>
  new Problem('conflict', `Service "${ref.service}" ${is} in environment "${ref.environment}".`, { hint });

/** Runs what serves anew, with secrets and variables as they are now, and loses no request. */
export const restartService = (ports: Ports, caller: Caller, ref: InstanceRef): Promise<AcceptedDeployment> =>
  acceptDeployment(ports, caller, ref, RUNS_IN, async (found) => {
    const instance = served(ref, found);
    await refuseUnderWay(ports, instance);
    if (instance.state === 'stopped') throw refusal(ref, 'is stopped', 'Start it with POST .../start.');
    return { ...(await sameAgain(ports, ref, instance.current, 'restart')), ...scaleOf(instance) };
  });

/** Runs what was stopped, with secrets and variables as they are now. */
export const startService = (ports: Ports, caller: Caller, ref: InstanceRef): Promise<AcceptedDeployment> =>
  acceptDeployment(ports, caller, ref, RUNS_IN, async (found) => {
    const instance = served(ref, found);
    await refuseUnderWay(ports, instance);
    if (instance.state !== 'stopped')
      throw refusal(ref, 'is not stopped', 'Restart it with POST .../restart if that is what you want.');
    return { ...(await sameAgain(ports, ref, instance.current, 'start')), ...scaleOf(instance) };
  });

/** Stops what runs until it is started or deployed. A deployment that is under way is overtaken. */
export const stopService = (ports: Ports, caller: Caller, ref: InstanceRef): Promise<AcceptedDeployment> =>
  acceptDeployment(ports, caller, ref, ENDS_IN, async (found) => {
    const instance = served(ref, found);
    if (instance.state === 'stopped')
      throw refusal(ref, 'is stopped already', 'Start it with POST .../start.');
    const { data } = await getDeploymentDetail(ports.store, ref, instance.current);
    const content = await sameAgain(ports, ref, instance.current, 'stop');
    // What it pinned tells which hosts it has, for the answer that it is stopped.
    return { ...content, ...scaleOf(instance), outputs: data.outputs ?? {} };
  });

/** A number of replicas, where null goes back to what the Score file says; what is absent stays as it is. */
export interface ScaleRequest {
  replicas?: number | null | undefined;
  /** Of processes beside the web. */
  processes?: Readonly<Record<string, number | null>> | undefined;
}

/**
 * Sets how many replicas a service and its processes have, in place of what its Score file says, from now on.
 * @throws Problem policy_violation, not_found (a process that it does not have), and as a restart
 */
export const scaleService = (
  ports: Ports,
  caller: Caller,
  ref: InstanceRef,
  request: ScaleRequest,
): Promise<AcceptedDeployment> =>
  acceptDeployment(ports, caller, ref, RUNS_IN, async (found) => {
    const instance = served(ref, found);
    await refuseUnderWay(ports, instance);
    if (instance.state === 'stopped') throw refusal(ref, 'is stopped', 'Start it, then scale it.');
    const content = await sameAgain(ports, ref, instance.current, 'scale');
    const settings = workloadSettings(content.workload);
    const main = mainProcess(content.workload);
    const { [main]: asked = request.replicas, ...processes } = request.processes ?? {};
    const known = Object.keys(settings.processes ?? {});
    const unknown = Object.keys(processes).find((name) => !known.includes(name));
    if (unknown !== undefined) throw noProcess(ref, unknown, [main, ...known]);
    if (asked === 0) throw refusal(ref, `can not do without ${main}`, 'Stop it instead, with POST …/stop.');
    const replicas = asked === undefined ? instance.replicas : (asked ?? undefined);
    const most = Math.max(replicas ?? 1, ...Object.values(processes).map((number) => number ?? 1));
    if (settings.strategy === 'recreate' && most > 1) {
      throw refusal(
        ref,
        'may not run twice at the same time, which its Score file says',
        'Take berth.dev/strategy: recreate out of the Score file, and deploy that first.',
      );
    }
    const scaled = {
      ...content,
      ...(replicas !== undefined && { replicas }),
      processes: scaledProcesses(instance.processes, processes),
    };
    await enforcePolicies(ports, caller, ref, scaled);
    return scaled;
  });

/** Removes a service from an environment, with what it alone used. Its history stays. */
export const removeService = (ports: Ports, caller: Caller, ref: InstanceRef): Promise<AcceptedDeployment> =>
  acceptDeployment(ports, caller, ref, ENDS_IN, async (instance) => {
    const number = instance?.current ?? instance?.newest;
    return {
      ...(await sameAgain(ports, ref, number || served(ref, instance).current, 'remove')),
      outputs: {},
    };
  });
