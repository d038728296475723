/**
 * What a rollback keeps of earlier pins: credentials that were rotated or revoked since then are replaced by today's.
 */
import { resourceKey } from '../../core/keys.ts';
import type { DeploymentDetail, InstanceRef, Resource, ResourceOutputs } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { usedOutputs } from '../../core/score/references.ts';
import { resourceIdentity } from '../../core/score/resource-identity.ts';
import type { Ports } from '../../ports/index.ts';
import { findResourceType } from '../../resources/index.ts';
import { resourceBeingRemoved } from '../../resources/owner.ts';
import { takenAgain } from '../variables/taken-variables.ts';

type Outputs = Record<string, ResourceOutputs>;

/**
 * Repins credentials: a rollback restores settings, but a retired user of a database would not let anyone in. The
 * environment's secrets are repinned one by one, as their type says; of those that it took without naming them, it is
 * left what is still there.
 */
export async function repinned(
  ports: Ports,
  ref: InstanceRef,
  deployment: Pick<DeploymentDetail, 'workload' | 'variables'>,
  pinned: Outputs,
): Promise<Pick<DeploymentDetail, 'variables'> & { outputs: Outputs }> {
  const { workload } = deployment;
  const variables = await takenAgain(ports, ref, deployment, pinned);
  const result: Outputs = { ...pinned };
  const used = usedOutputs(workload);
  for (const [name, outputs] of Object.entries(pinned)) {
    const declared = workload.resources?.[name];
    const { environmentSecrets, owned } = findResourceType(declared?.type ?? '') ?? {};
    if (!declared || !(owned || environmentSecrets)) continue;
    if (environmentSecrets) {
      const names = used.get(name) ?? new Set();
      const secrets = await environmentSecrets.repin(ports, ref, outputs.secrets, names);
      result[name] = { ...outputs, secrets };
      continue;
    }
    const { uid } = resourceIdentity(workload.metadata.name, name, declared);
    const item = await ports.store.get<Resource>(resourceKey(ref, uid));
    // What is only being made is another one: that which it used was there.
    if (!item || item.data.state === 'provisioning') {
      throw new Problem('conflict', `The resource "${uid}" that it used is gone: it was removed.`, {
        hint: 'Deploy its version instead, which makes the resource anew.',
      });
    }
    if (item.data.state === 'removing') throw resourceBeingRemoved({ uid });
    result[name] = item.data.outputs;
  }
  return { outputs: result, ...(variables && { variables }) };
}
