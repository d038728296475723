/** What a rollback takes of earlier pins: credentials that were rotated or revoked since are the ones of today. */
import { resourceKey, secretKey } from '../../core/keys.ts';
import type {
  DeploymentDetail,
  InstanceRef,
  Resource,
  ResourceOutputs,
  SecretRecord,
} from '../../core/model/index.ts';
import { references } from '../../core/score/references.ts';
import { resourceIdentity } from '../../core/score/resource-identity.ts';
import type { Ports } from '../../ports/index.ts';

type Outputs = Record<string, ResourceOutputs>;

/**
 * Settings are pinned, credentials are not a setting: a database's user that was retired would not let anyone in.
 * A secret of the environment keeps its version unless that was revoked.
 */
export async function repinned(
  ports: Ports,
  ref: InstanceRef,
  { workload }: Pick<DeploymentDetail, 'workload'>,
  pinned: Outputs,
): Promise<Outputs> {
  const result: Outputs = { ...pinned };
  for (const [name, outputs] of Object.entries(pinned)) {
    const declared = workload.resources?.[name];
    if (!declared || Object.keys(outputs.secrets).length === 0) continue;
    if (declared.type === 'environment') {
      const secrets = await currentSecrets(ports, ref, usedOutputs(workload, name), outputs.secrets);
      result[name] = { ...outputs, secrets };
      continue;
    }
    const { uid } = resourceIdentity(workload.metadata.name, name, declared);
    const item = await ports.store.get<Resource>(resourceKey(ref, uid));
    if (item?.data.state === 'ready') result[name] = item.data.outputs;
  }
  return result;
}

const usedOutputs = (workload: DeploymentDetail['workload'], resource: string): Set<string> =>
  new Set(
    references(workload).flatMap(({ refersTo, output }) =>
      refersTo === resource && output !== undefined ? [output] : [],
    ),
  );

async function currentSecrets(
  ports: Ports,
  ref: InstanceRef,
  used: ReadonlySet<string>,
  pinned: ResourceOutputs['secrets'],
): Promise<ResourceOutputs['secrets']> {
  const names = Object.keys(pinned).filter((name) => used.has(name));
  const secrets = new Map(Object.entries(pinned));
  for (let at = 0; at < names.length; at += 100) {
    const page = names.slice(at, at + 100);
    const found = await ports.store.getMany<SecretRecord>(page.map((name) => secretKey(ref, name)));
    for (const [position, item] of found.entries()) {
      const name = page[position] ?? '';
      const reference = secrets.get(name);
      const stage = item?.data.versions.find(({ version }) => version === reference?.version)?.stage;
      if (item && reference && stage === 'revoked')
        secrets.set(name, { ...reference, version: item.data.version });
    }
  }
  return Object.fromEntries(secrets);
}
