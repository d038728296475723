/** Which variables and secrets have changed since a deployment pinned them. */
import type { DeploymentDetail, SecretReference } from '../../core/model/index.ts';
import { ENVIRONMENT_TYPE, withVariables } from '../../core/score/all-variables.ts';
import { usedOfType, usedOutputs } from '../../core/score/references.ts';
import { sourceText } from '../../core/secrets/secret-source.ts';
import type { Ports } from '../../ports/index.ts';
import { findResourceType } from '../../resources/index.ts';
import { takenNow } from './taken-variables.ts';

/** Of what is kept elsewhere, nobody asks here whether there is a newer version. */
function isSameSecret(now: SecretReference | undefined, pinned: SecretReference | undefined): boolean {
  if (!now?.source || !pinned?.source) return now?.version === pinned?.version;
  const { version = pinned.source.version, ...source } = now.source;
  return sourceText({ ...source, ...(version !== undefined && { version }) }) === pinned.version;
}

/** The names of those that the workload reads, or would read now, sorted: a restart takes them as they are now. */
export async function changedSince(ports: Ports, deployment: DeploymentDetail): Promise<string[]> {
  const { workload, outputs = {} } = deployment;
  const changed = new Set<string>();
  for (const [resource, used] of usedOutputs(workload)) {
    const { environmentSecrets } = findResourceType(workload.resources?.[resource]?.type ?? '') ?? {};
    if (!environmentSecrets) continue;
    const values = new Map(Object.entries(await environmentSecrets.variables(ports, deployment)));
    const secrets = new Map(Object.entries(await environmentSecrets.current(ports, deployment)));
    const pinned = new Map(Object.entries(outputs[resource]?.values ?? {}));
    const versions = new Map(Object.entries(outputs[resource]?.secrets ?? {}));
    for (const name of used) {
      const isSame =
        values.get(name) === pinned.get(name) && isSameSecret(secrets.get(name), versions.get(name));
      if (!isSame) changed.add(name);
    }
  }
  const taken = withVariables(workload, (await takenNow(ports, deployment, workload)) ?? []);
  const used = usedOfType(workload, ENVIRONMENT_TYPE);
  for (const name of usedOfType(taken, ENVIRONMENT_TYPE)) if (!used.has(name)) changed.add(name);
  return [...changed].sort();
}
