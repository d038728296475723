/** Answers the router when a request comes for a workload that does not run. */
import { wakeEnvironment } from '../../../commands/environments/transitions.ts';
import { environmentKey } from '../../../core/keys.ts';
import {
  type Environment,
  type EnvironmentRef,
  type EnvironmentState,
  SYSTEM_ACTOR,
} from '../../../core/model/index.ts';
import { Problem } from '../../../core/problem.ts';
import type { Ports } from '../../../ports/index.ts';
import { instanceIn } from '../../../records/instances.ts';
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
  return {
    /** What is known of a workload that has not been declared since the start. */
    async lookup({ service, ...ref }: Place): Promise<'hibernated' | 'starting' | 'absent'> {
      const environment = await ports.store.get<Environment>(environmentKey(ref));
      if (!environment) return 'absent';
      const serves = service === undefined || instanceIn(environment.data, service)?.current !== undefined;
      return serves ? found[environment.data.state] : 'absent';
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
