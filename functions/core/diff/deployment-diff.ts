/** What differs between two deployments. A secret is shown by its name and version, never by its value. */
import type { DeploymentDetail } from '../model/index.ts';
import { usedOutputs } from '../score/references.ts';
import type { ScoreWorkload } from '../score/workload.ts';
import { type Change, compare, factsOf } from './change.ts';
import { diffWorkloads } from './workload-diff.ts';

/** What a deployment pins. */
export interface Pinned {
  version: string;
  digest: string;
  workload: ScoreWorkload;
  /** Versions of the secrets that the workload refers to, by `resource.output`. */
  secrets: ReadonlyMap<string, string>;
}

/** What a prepared deployment pins. */
export function pinnedOf({
  version,
  digest,
  workload,
  outputs = {},
}: Pick<DeploymentDetail, 'version' | 'digest' | 'workload' | 'outputs'>): Pinned {
  const secrets = new Map<string, string>();
  for (const [resource, used] of usedOutputs(workload)) {
    const offered = Object.entries(outputs[resource]?.secrets ?? {});
    for (const [output, { version }] of offered)
      if (used.has(output)) secrets.set(`${resource}.${output}`, version);
  }
  return { version, digest, workload, secrets };
}

/** Changes from one to the other, by area and name. @param before undefined where nothing was deployed */
export function diffPinned(before: Pinned | undefined, after: Pinned): Change[] {
  return [
    ...compare(
      { area: 'version' },
      factsOf({ version: before?.version, digest: before?.digest }),
      factsOf({ version: after.version, digest: after.digest }),
    ),
    ...diffWorkloads(before?.workload, after.workload),
    ...compare({ area: 'secret' }, before?.secrets ?? new Map(), after.secrets),
  ];
}
