/** Why a run must not go on. */
import { environmentKey } from '../../core/keys.ts';
import { type Environment, isFor, type Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { instanceIn } from '../../records/instances.ts';
import { environmentGone } from '../deployments/deployment-fence.ts';

/** A run ends with what it is of; newer deployments leave it alone. */
export async function runStop(ports: Ports, run: Operation<'run'>): Promise<Problem | undefined> {
  const environment = await ports.store.get<Environment>(environmentKey(run));
  if (!environment || !isFor(run, environment.data) || environment.data.state === 'destroying')
    return environmentGone(run);
  const instance = instanceIn(environment.data, run.service);
  if (instance && instance.state !== 'removing') return undefined;
  return new Problem(
    'superseded',
    `Service "${run.service}" was removed from environment "${run.environment}".`,
    {
      hint: 'Deploy it again, then run the command again.',
    },
  );
}
