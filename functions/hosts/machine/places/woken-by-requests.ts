/** Answers the router when a request comes for a workload that does not run. */
import { covers } from '../../../adapters/router/hosts.ts';
import { wakeEnvironment } from '../../../commands/environments/transitions.ts';
import {
  keptAsleep,
  unlessKeptAsleep,
  wokenByRequest,
} from '../../../commands/environments/wake-on-request.ts';
import { environmentKey } from '../../../core/keys.ts';
import { limits } from '../../../core/limits.ts';
import {
  type Environment,
  type EnvironmentRef,
  type EnvironmentState,
  type Instance,
  type InstanceRef,
  SYSTEM_ACTOR,
} from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import type { Ports } from '../../../ports/index.ts';
import type { Route } from '../../../ports/workloads.ts';
import { instanceIn, instancesOf } from '../../../records/instances.ts';
import { getDeploymentDetail } from '../../../records/workloads.ts';
import { routesOf } from '../../../resources/score/workload-spec.ts';
import type { LocalLog } from '../terminal-log.ts';

/** The answer for a workload that has served, by the state of its environment. */
const found: Record<EnvironmentState, 'hibernated' | 'starting' | 'absent'> = {
  provisioning: 'absent',
  ready: 'starting',
  hibernating: 'hibernated',
  hibernated: 'hibernated',
  waking: 'starting',
  destroying: 'absent',
  destroyed: 'absent',
  failed: 'absent',
};

/** The environment and the service of a host; without a service where the host belongs to a dns resource. */
interface Place extends EnvironmentRef {
  service?: string;
}

/** How long a request for an environment that is going to sleep looks away between two looks, milliseconds. */
const LOOK_MS = 200;

/** @param asked is told of each request for what has not been declared since the start */
export function wakeOnRequest(ports: Ports, log: LocalLog, asked: (place: Place) => void) {
  /** Routes by deployment. They never change, so that requests to hosts that nobody declared do not read them again. */
  const known = new Map<string, Promise<Route[]>>();

  function routesIn(environment: string, instance: InstanceRef, number: number): Promise<Route[]> {
    const key = `${environment}/${instance.service}/${number}`;
    const kept = known.get(key);
    if (kept) return kept;
    const reading = getDeploymentDetail(ports.store, instance, number).then(({ data }) =>
      routesOf(data.workload, data.outputs ?? {}),
    );
    known.set(key, reading);
    reading.catch(() => known.delete(key));
    if (known.size > limits.routesKept.value) known.delete(known.keys().next().value ?? key);
    return reading;
  }

  /** The service of the environment that has a route which takes the request. */
  async function routed(environment: Environment, host: string, path: string): Promise<Instance | undefined> {
    for (const instance of instancesOf(environment)) {
      if (instance.current === undefined) continue;
      const routes = await routesIn(environment.id, instance, instance.current);
      if (routes.some((route) => route.host === host && covers(route.path, path))) return instance;
    }
    return undefined;
  }

  return {
    /**
     * What is known of a workload that has not been declared since the start.
     * @throws Problem unavailable: requests do not wake its environment now
     */
    async lookup(
      { service, ...ref }: Place,
      host: string,
      path: string,
    ): Promise<'hibernated' | 'starting' | 'stopped' | 'absent'> {
      const environment = await ports.store.get<Environment>(environmentKey(ref));
      // What is in another place is reached there.
      if (!environment || environment.data.placement !== undefined) return 'absent';
      const state = found[environment.data.state];
      if (state === 'absent') return state;
      if (state === 'starting') asked({ ...ref, ...(service !== undefined && { service }) });
      const instance =
        service === undefined
          ? await routed(environment.data, host, path)
          : instanceIn(environment.data, service);
      if (instance?.current === undefined) return 'absent';
      unlessKeptAsleep(environment.data, ports.effects.now());
      return instance.state === 'stopped' ? 'stopped' : state;
    },
    /**
     * An environment that is going to sleep is woken once it sleeps. Resolves when it wakes, or shall not.
     * @throws Problem unavailable: requests do not wake it now
     */
    async wake(ref: EnvironmentRef): Promise<'waking' | 'awake'> {
      for (;;) {
        const changed = ports.store.changed(environmentKey(ref).pk, { timeoutMs: LOOK_MS });
        const environment = await ports.store.get<Environment>(environmentKey(ref));
        const kept = environment && keptAsleep(environment.data, ports.effects.now());
        if (kept) throw kept;
        const state = environment?.data.state;
        if (state !== 'hibernating' && state !== 'hibernated') return state === 'waking' ? state : 'awake';
        if (state === 'hibernated') {
          try {
            await wakeEnvironment(ports, { actor: SYSTEM_ACTOR }, ref, (sleeper) =>
              wokenByRequest(sleeper, ports.effects.now()),
            );
            return 'waking';
          } catch (error) {
            // Something else has changed the environment since it was read, or is changing it.
            if (!(error instanceof Problem && error.status < 500)) {
              log.error(`Waking ${ref.project}/${ref.environment}`, error);
              throw error;
            }
          }
        }
        await changed;
      }
    },
  };
}
