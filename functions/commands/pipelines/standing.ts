/** What of a service serves in each stage of the pipeline, and which versions it is behind. It only reads. */

import { environmentKey, promotionHeadKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Environment, Revision, Stage, Version } from '../../core/model/index.ts';
import { revisionOf } from '../../core/source/revision.ts';
import type { Ports } from '../../ports/index.ts';
import { instanceIn } from '../../records/instances.ts';
import { getDeployment, getService } from '../../records/read.ts';
import { listVersions } from '../versions/versions.ts';
import { getPipeline } from './pipelines.ts';
import type { PromotionHead } from './promotions.ts';

export interface MissingVersion {
  version: string;
  revision?: Revision;
  createdAt: string;
}

export interface EnvironmentStanding {
  environment: string;
  /** What serves there; absent where nothing does. */
  deployment?: number;
  version?: string;
  revision?: Revision;
  /** Since then; ISO 8601. */
  since?: string;
  /** Versions that came after this one, up to the newest of the stage before, or of all for the first; newest first. */
  behind: MissingVersion[];
  /** There may be more that it is behind: what serves is older than the versions that were looked at. */
  behindMore?: true;
}

export interface PipelineStanding {
  stages: (Pick<Stage, 'name' | 'bakeSeconds'> & { environments: EnvironmentStanding[] })[];
  /** Id of the promotion that is under way. */
  promotion?: string;
}

interface Serving {
  environment: string;
  deployment?: number;
  version?: string;
  revision?: Revision;
  since?: string;
}

/** @throws Problem not_found (service, pipeline) */
export async function standingOf(
  ports: Ports,
  ref: { project: string; service: string },
): Promise<PipelineStanding> {
  const { store } = ports;
  await getService(store, ref);
  const { stages } = (await getPipeline(store, ref.project)).data;
  const { items } = await listVersions(store, ref, { limit: limits.shownVersions.value });
  const versions = items.map(({ data }) => data);
  const head = await store.get<PromotionHead>(promotionHeadKey(ref));
  const standing: PipelineStanding = {
    stages: [],
    ...(head && { promotion: head.data.running }),
  };
  // Positions in the list of versions: the newest is first.
  let newest = 0;
  for (const { name, bakeSeconds, environments } of stages) {
    const serving = await Promise.all(
      environments.map((environment) => servingIn(ports, { ...ref, environment })),
    );
    standing.stages.push({
      name,
      bakeSeconds,
      environments: serving.map((one) => ({ ...one, ...behind(versions, one, newest) })),
    });
    const positions = serving.map(({ version }) => versions.findIndex(({ id }) => id === version));
    const known = positions.filter((position) => position >= 0);
    // A stage without it holds nothing that the next one could be behind.
    newest = known.length === 0 ? versions.length : Math.min(...known);
  }
  return standing;
}

async function servingIn(
  { store }: Ports,
  ref: { project: string; service: string; environment: string },
): Promise<Serving> {
  const { environment, service } = ref;
  const item = await store.get<Environment>(environmentKey(ref));
  const current = item && instanceIn(item.data, service)?.current;
  if (current === undefined) return { environment };
  const { version, revision, finishedAt } = (await getDeployment(store, ref, current)).data;
  return {
    environment,
    deployment: current,
    version,
    ...(revision && { revision }),
    ...(finishedAt !== undefined && { since: finishedAt }),
  };
}

function behind(
  versions: readonly Version[],
  { version }: Serving,
  newest: number,
): Pick<EnvironmentStanding, 'behind' | 'behindMore'> {
  const own = versions.findIndex(({ id }) => id === version);
  const missing = versions.slice(newest, own < 0 ? versions.length : Math.max(own, newest));
  const isOlder = own < 0 && versions.length === limits.shownVersions.value;
  return {
    behind: missing.map((one) => {
      const revision = revisionOf(one);
      return { version: one.id, ...(revision && { revision }), createdAt: one.createdAt };
    }),
    ...(isOlder && { behindMore: true }),
  };
}
