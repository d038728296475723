/** What differs between two deployments. A secret is shown by its name and version, never by its value. */
import type { DeploymentDetail } from '../model/index.ts';
import { ENVIRONMENT_TYPE } from '../score/all-variables.ts';
import { usedOutputs } from '../score/references.ts';
import type { ScoreWorkload } from '../score/workload.ts';
import { type Change, compare, factsOf } from './change.ts';
import { maySecret } from './sensitive.ts';
import { diffWorkloads } from './workload-diff.ts';

/** What a deployment pins. */
export interface Pinned {
  version: string;
  digest: string;
  workload: ScoreWorkload;
  /** Versions of the secrets that the workload refers to, by `resource.output`. */
  secrets: ReadonlyMap<string, string>;
  /** Values of the variables that the workload refers to, likewise. */
  variables: ReadonlyMap<string, string>;
  /** The scale that people set, in place of what the workload says. */
  replicas?: number;
}

/** What a prepared deployment pins. */
export function pinnedOf({
  version,
  digest,
  workload,
  outputs = {},
  replicas,
}: Pick<DeploymentDetail, 'version' | 'digest' | 'workload' | 'outputs' | 'replicas'>): Pinned {
  const secrets = new Map<string, string>();
  const variables = new Map<string, string>();
  for (const [resource, used] of usedOutputs(workload)) {
    const offered = Object.entries(outputs[resource]?.secrets ?? {});
    for (const [output, { version }] of offered)
      if (used.has(output)) secrets.set(`${resource}.${output}`, version);
    if (workload.resources?.[resource]?.type !== ENVIRONMENT_TYPE) continue;
    for (const [output, value] of Object.entries(outputs[resource]?.values ?? {}))
      if (used.has(output)) variables.set(`${resource}.${output}`, value);
  }
  const scaled = replicas === undefined ? {} : { replicas };
  return { version, digest, workload, secrets, variables, ...scaled };
}

/** Changes from one to the other, by area and name. @param before undefined where nothing was deployed */
export function diffPinned(before: Pinned | undefined, after: Pinned): Change[] {
  return [
    ...compare(
      { area: 'version' },
      factsOf({ version: before?.version, digest: before?.digest }),
      factsOf({ version: after.version, digest: after.digest }),
    ),
    ...diffWorkloads(before?.workload, after.workload, {
      before: before?.replicas,
      after: after.replicas,
    }),
    ...compare({ area: 'variable' }, before?.variables ?? new Map(), after.variables, maySecret),
    ...compare({ area: 'secret' }, before?.secrets ?? new Map(), after.secrets),
  ];
}
