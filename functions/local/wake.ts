/** Wakes an environment when a request comes for it. */
import { wakeEnvironment } from '../commands/environments.ts';
import { environmentKey } from '../core/keys.ts';
import { type Environment, type EnvironmentRef, type EnvironmentState, SYSTEM_ACTOR } from '../core/model.ts';
import { Problem } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import type { LocalLog } from './log.ts';

export function wakeOnRequest(ports: Ports, log: LocalLog) {
  return {
    async environmentState(ref: EnvironmentRef): Promise<EnvironmentState | undefined> {
      return (await ports.store.get<Environment>(environmentKey(ref)))?.data.state;
    },
    async wake(ref: EnvironmentRef): Promise<void> {
      await wakeEnvironment(ports, { actor: SYSTEM_ACTOR }, ref).catch((error: unknown) => {
        // Awake already, or just going to sleep: the router asks again for as long as it holds the request.
        if (error instanceof Problem && error.status < 500) return;
        log.error(`Waking ${ref.project}/${ref.environment}`, error);
      });
    },
  };
}
