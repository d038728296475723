/** How deliveries of a project do: from its events, the environments that there are, and commit times of versions. */
import { collectChanges, type DeliveredChange } from '../../core/dora/dora-changes.ts';
import { type DeliveryFigures, figuresOf } from '../../core/dora/dora-figures.ts';
import { countVerbs, type VerbUse } from '../../core/dora/verb-use.ts';
import { ENVIRONMENT_PREFIX, projectPartition, versionIdKey, versionKey } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { Environment, Version } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Store } from '../../ports/store.ts';
import { readChain } from '../../records/audit-trail.ts';
import { lastNumberAt, readHead } from '../../records/chain-append.ts';
import { readAll, readMany } from '../../records/read-all.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** `gone`: the environment is not there any more. */
export type EnvironmentClass = 'protected' | 'persistent' | 'ephemeral' | 'gone';

export interface Dora {
  /** ISO 8601. `from` is later than was asked for where there are more events than are read. */
  from: string;
  to: string;
  all: DeliveryFigures;
  services: ({ service: string } & DeliveryFigures)[];
  classes: ({ class: EnvironmentClass } & DeliveryFigures)[];
  use: VerbUse[];
}

/** Commit times of versions, the newest changes first, as far as a request reads them. */
async function commitTimes(
  store: Store,
  project: string,
  changes: readonly DeliveredChange[],
): Promise<Map<string, number>> {
  const wanted = new Map(
    changes.toReversed().map(({ service, version }) => [`${service}/${version}`, { service, version }]),
  );
  const refs = [...wanted.values()].slice(0, limits.figuresVersions.value);
  const pointers = await readMany<{ order?: string }>(
    store,
    refs.map(({ service, version }) => versionIdKey({ project, service }, version)),
  );
  const found = refs.flatMap(({ service }, at) => {
    const order = pointers[at]?.data.order;
    return order ? [versionKey({ project, service }, order)] : [];
  });
  const versions = await readMany<Version>(store, found);
  return new Map(
    versions.flatMap((item) => {
      const { source, service, id } = item?.data ?? {};
      if (source?.kind !== 'git' || source.committedAt === undefined) return [];
      return [[`${service}/${id}`, Date.parse(source.committedAt)]];
    }),
  );
}

function classOf(environment: Environment | undefined): EnvironmentClass {
  if (!environment) return 'gone';
  return environment.protection ? 'protected' : environment.kind;
}

/** @param days of the period, which ends now */
export async function readDora(
  { store, effects }: Pick<Ports, 'store' | 'effects'>,
  project: string,
  days: number,
): Promise<Dora> {
  const now = effects.now();
  const begin = new Date(now - days * DAY_MS).toISOString();
  const [last, head, environments] = await Promise.all([
    lastNumberAt(store, project, begin),
    readHead(store, project),
    readAll<Environment>(store, projectPartition(project), ENVIRONMENT_PREFIX),
  ]);
  const start = Math.max(last, head.number - limits.figuresEvents.value);
  const collector = collectChanges();
  const verbs = countVerbs();
  let from = begin;
  for await (const { data } of readChain(store, project, start)) {
    if (from === begin && start > last) from = data.at;
    collector.next(data);
    verbs.next(data);
  }
  const { changes } = collector;
  const times = await commitTimes(store, project, changes);
  const length = Math.max((now - Date.parse(from)) / DAY_MS, 1);
  const figures = (some: readonly DeliveredChange[]) => figuresOf(some, times, length);
  const records = new Map(environments.map(({ data }) => [data.name, data]));
  const services = [...Map.groupBy(changes, ({ service }) => service)];
  const classes = [...Map.groupBy(changes, ({ environment }) => classOf(records.get(environment)))];
  return {
    from,
    to: new Date(now).toISOString(),
    all: figures(changes),
    services: services.map(([service, some]) => ({ service, ...figures(some) })),
    classes: classes.map(([name, some]) => ({ class: name, ...figures(some) })),
    use: verbs.end(),
  };
}
