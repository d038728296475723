/** Whether a deployment may still do something, and what is said where it may not. */
import { environmentKey } from '../../core/keys.ts';
import { type Environment, type InstanceRef, isFor } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import { pastInstanceIn } from '../../records/instances.ts';

/** Tells whether a deployment is still the newest of its instance, in the environment that it was for. */
export async function deploymentFence(
  ports: Ports,
  ref: InstanceRef & { number: number; environmentId?: string },
): Promise<Problem | undefined> {
  const environment = await ports.store.get<Environment>(environmentKey(ref));
  const instance =
    environment && isFor(ref, environment.data) && pastInstanceIn(environment.data, ref.service);
  if (!instance || environment.data.state === 'destroying') return environmentGone(ref);
  const { newest } = instance;
  if (newest === ref.number) return undefined;
  return new Problem('superseded', `Deployment ${newest} is newer than ${ref.number}.`, {
    hint: `Follow deployment ${newest} instead.`,
  });
}

export const environmentGone = ({ environment }: Pick<InstanceRef, 'environment'>): Problem =>
  new Problem('environment_gone', `Environment "${environment}" is being destroyed, or was.`, {
    hint: 'Create another environment and deploy there.',
  });

export const beingRemoved = ({ service, environment }: InstanceRef): Problem =>
  new Problem(
    'operation_in_progress',
    `Service "${service}" is being removed from environment "${environment}".`,
    { hint: 'Follow its newest deployment, and deploy it again when that has ended.' },
  );
