/** Which lines of a service's output belong to an environment: a name may have had several, one after the other. */
import { destroyedKey, environmentKey } from '../core/keys.ts';
import type { DestroyedEnvironment, Environment, EnvironmentRef } from '../core/model/index.ts';
import type { Store } from '../ports/store.ts';
import { missing } from './commit.ts';
import { pastInstanceOf, processNames } from './instances.ts';
import { getEnvironment } from './read.ts';

/** From when to when an environment was there. */
export interface Life {
  since: string;
  /** Absent while it is there. */
  until?: string;
}

/** From when to when an environment was there, and what was ever deployed to it. */
export interface Output extends Life {
  services: string[];
  /** Names of processes beside the web, by the service. */
  processes: Readonly<Record<string, readonly string[]>>;
}

/**
 * @param service that was deployed to it, where one is meant
 * @param environmentId of an environment that is gone; the one that has the name now unless given
 * @throws Problem not_found
 */
export async function outputOf(
  store: Store,
  { service, ...ref }: EnvironmentRef & { service?: string },
  environmentId?: string,
): Promise<Output> {
  const now =
    environmentId === undefined
      ? await getEnvironment(store, ref)
      : await store.get<Environment>(environmentKey(ref));
  if (now && (environmentId ?? now.data.id) === now.data.id) {
    if (service !== undefined) pastInstanceOf(now.data, service);
    return {
      since: now.data.createdAt,
      services: Object.keys(now.data.services).sort(),
      processes: processNames(now.data),
    };
  }
  const gone = await store.get<DestroyedEnvironment>(destroyedKey(ref.project, environmentId ?? ''));
  if (gone?.data.name === ref.environment && (service === undefined || gone.data.services.includes(service)))
    return {
      since: gone.data.createdAt,
      until: gone.data.destroyedAt,
      services: [...gone.data.services].sort(),
      processes: gone.data.processes ?? {},
    };
  throw missing(
    `output of ${service === undefined ? 'an' : `service "${service}" in an`} environment "${ref.environment}" with the id ${environmentId}`,
    `List those whose output is kept with GET /v1/projects/${ref.project}/destroyed-environments.`,
  );
}

/** What of a filter lies within a life. */
export function within<T extends Partial<Record<'since' | 'until', string | undefined>>>(
  filter: T,
  life: Life,
): T & { since: string } {
  const since = filter.since !== undefined && filter.since > life.since ? filter.since : life.since;
  const until = [filter.until, life.until].filter((time) => time !== undefined).sort()[0];
  return { ...filter, since, ...(until !== undefined && { until }) };
}
