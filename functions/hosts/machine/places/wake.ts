/** Answers the router when a request comes for a workload that does not run. */
import { covers } from '../../../adapters/router/hosts.ts';
import { wakeEnvironment } from '../../../commands/environments/transitions.ts';
import { environmentKey } from '../../../core/keys.ts';
import {
  type Environment,
  type EnvironmentRef,
  type EnvironmentState,
  type Instance,
  SYSTEM_ACTOR,
} from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import type { Ports } from '../../../ports/index.ts';
import { instanceIn, instancesOf } from '../../../records/instances.ts';
import { getDeploymentDetail } from '../../../records/workloads.ts';
import { routesOf } from '../../../workflows/workload-spec.ts';
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

export function wakeOnRequest(ports: Ports, log: LocalLog) {
  /** The service of the environment that has a route which takes the request. */
  async function routed(environment: Environment, host: string, path: string): Promise<Instance | undefined> {
    for (const instance of instancesOf(environment)) {
      if (instance.current === undefined) continue;
      const { data } = await getDeploymentDetail(ports.store, instance, instance.current);
      const routes = routesOf(data.workload, data.outputs ?? {});
      if (routes.some((route) => route.host === host && covers(route.path, path))) return instance;
    }
    return undefined;
  }

  return {
    /** What is known of a workload that has not been declared since the start. */
    async lookup(
      { service, ...ref }: Place,
      host: string,
      path: string,
    ): Promise<'hibernated' | 'starting' | 'stopped' | 'absent'> {
      const environment = await ports.store.get<Environment>(environmentKey(ref));
      if (!environment) return 'absent';
      const state = found[environment.data.state];
      if (state === 'absent') return state;
      const instance =
        service === undefined
          ? await routed(environment.data, host, path)
          : instanceIn(environment.data, service);
      if (instance?.current === undefined) return 'absent';
      return instance.state === 'stopped' ? 'stopped' : state;
    },
    async wake(ref: EnvironmentRef): Promise<void> {
      await wakeEnvironment(ports, { actor: SYSTEM_ACTOR }, ref).catch((error: unknown) => {
        // The environment is awake already, or is just being hibernated. The router asks again for as long as it
        // holds the request.
        if (error instanceof Problem && error.status < 500) return;
        log.error(`Waking ${ref.project}/${ref.environment}`, error);
        throw error;
      });
    },
  };
}
