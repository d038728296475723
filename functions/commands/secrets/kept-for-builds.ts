/** What the builds of a project are given, in one record: secrets, and what registries are signed in to with. */
import { buildSecretPath, buildSecretsKey, projectKey, registryPasswordPath } from '../../core/keys.ts';
import type { BuildSecrets, KeptForBuilds } from '../../core/model/index.ts';
import { Problem, type ProblemCode } from '../../core/problem.ts';
import type { BuildRegistry, BuildSecret } from '../../ports/builder.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import {
  type Caller,
  type Change,
  commit,
  IdempotencyRace,
  missing,
  retryOnConflict,
} from '../../records/commit.ts';
import { getProject } from '../../records/read.ts';

type Entries = Record<string, KeptForBuilds>;

/** One of the two lists of the record. */
export interface KeptList<Entry extends KeptForBuilds> {
  member: keyof BuildSecrets;
  max: number;
  path(project: string, name: string): string;
  /** What there are too many of, as a clause, and what one of them is called. */
  tooMany: string;
  called(name: string): string;
  /** The request that lists them, as a hint names it. */
  listing: string;
  changed(name: string, entry: Entry): Told;
  deleted(name: string): Told;
}

type Told = Omit<NonNullable<Change['events']>[number], 'project'>;

const entriesOf = <Entry extends KeptForBuilds>(data: BuildSecrets, { member }: KeptList<Entry>) =>
  (data[member] ?? {}) as Record<string, Entry>;

/** All of a project; version 0 where there never was anything. */
async function readKept(ports: Ports, project: string): Promise<Item<BuildSecrets>> {
  const key = buildSecretsKey(project);
  return (await ports.store.get<BuildSecrets>(key)) ?? { ...key, data: { secrets: {} }, version: 0 };
}

/** Those of one list, by name. */
export async function listKept<Entry extends KeptForBuilds>(
  ports: Ports,
  project: string,
  list: KeptList<Entry>,
) {
  await getProject(ports.store, project);
  const { data } = await readKept(ports, project);
  return Object.entries(entriesOf(data, list))
    .map(([name, entry]) => ({ name, ...entry }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a build is given of them: names and where they are, with a way to read them. */
export async function keptForBuilds(
  ports: Ports,
  project: string,
): Promise<{ secrets: BuildSecret[]; registries: BuildRegistry[] }> {
  const { data } = await readKept(ports, project);
  const reader =
    (path: string, version: string, code: ProblemCode, what: string, setting: string) =>
    async (): Promise<string> => {
      const value = await ports.secrets.get(path, version);
      if (value !== undefined) return value;
      throw new Problem(code, `${what} is gone.`, {
        hint: `Set it again with ${setting}, then build again.`,
      });
    };
  return {
    secrets: Object.entries(data.secrets).map(([name, { version }]) => {
      const path = buildSecretPath(project, name);
      const what = `The build failed: its secret ${name}`;
      return {
        name,
        path,
        version,
        read: reader(
          path,
          version,
          'build_failed',
          what,
          `PUT /v1/projects/${project}/build-secrets/${name}`,
        ),
      };
    }),
    registries: Object.entries(data.registries ?? {}).map(([registry, { username, version }]) => {
      const path = registryPasswordPath(project, registry);
      const what = `The image can not be had: the password of ${registry}`;
      const read = reader(
        path,
        version,
        'image_unavailable',
        what,
        `PUT /v1/projects/${project}/registries/${registry}`,
      );
      return { registry, username, path, version, read };
    }),
  };
}

/** @param more what an entry has beside its version @throws Problem not_found (project) | conflict (there are too many) */
export async function putKept<Entry extends KeptForBuilds>(
  ports: Ports,
  caller: Caller,
  list: KeptList<Entry>,
  {
    project,
    name,
    value,
    more,
  }: { project: string; name: string; value: string; more: Omit<Entry, keyof KeptForBuilds> },
): Promise<{ name: string } & Entry> {
  await getProject(ports.store, project);
  // The value is written first, so that a record never names a version that does not exist.
  const version = await ports.secrets.put(list.path(project, name), value, { versionId: ports.effects.id() });
  try {
    return await retryOnConflict(async () => {
      const item = await readKept(ports, project);
      const entries = entriesOf(item.data, list);
      if (!Object.hasOwn(entries, name) && Object.keys(entries).length >= list.max)
        throw new Problem(
          'conflict',
          `The ${list.called(name)} was not kept: the project has ${list.tooMany}.`,
          {
            hint: 'Delete one that no build needs.',
          },
        );
      const updatedAt = new Date(ports.effects.now()).toISOString();
      const added = { ...more, version, updatedAt, updatedBy: caller.actor } as Entry;
      const result = { name, ...added };
      const told = list.changed(name, added);
      await write(ports, caller, item, {
        project,
        list,
        entries: { ...entries, [name]: added },
        told,
        result,
      });
      return result;
    });
  } catch (error) {
    // The record was not written, so nothing can refer to this version.
    const refused = error instanceof Problem || error instanceof IdempotencyRace;
    if (refused) await undo(ports, list, project, name, version).catch(() => undefined);
    throw error;
  }
}

async function undo<Entry extends KeptForBuilds>(
  ports: Ports,
  list: KeptList<Entry>,
  project: string,
  name: string,
  version: string,
): Promise<void> {
  const path = list.path(project, name);
  const { data } = await readKept(ports, project);
  // Of a name that is in no record, nothing would ever remove the rest.
  await (Object.hasOwn(entriesOf(data, list), name)
    ? ports.secrets.revoke(path, version)
    : ports.secrets.remove(path));
}

/** @throws Problem not_found */
export async function deleteKept<Entry extends KeptForBuilds>(
  ports: Ports,
  caller: Caller,
  list: KeptList<Entry>,
  { project, name }: { project: string; name: string },
): Promise<void> {
  await getProject(ports.store, project);
  await retryOnConflict(async () => {
    const item = await readKept(ports, project);
    const { [name]: found, ...entries } = entriesOf(item.data, list);
    if (!found) throw missing(list.called(name), `List them with ${list.listing}.`);
    await write(ports, caller, item, { project, list, entries, told: list.deleted(name) });
  });
  // If it was set again in the meantime, its value is not ours to remove.
  const { data } = await readKept(ports, project);
  if (!Object.hasOwn(entriesOf(data, list), name)) await ports.secrets.remove(list.path(project, name));
}

interface Write<Entry extends KeptForBuilds> {
  project: string;
  list: KeptList<Entry>;
  entries: Entries;
  told: Told;
  result?: unknown;
}

const write = <Entry extends KeptForBuilds>(
  ports: Ports,
  caller: Caller,
  { pk, sk, version, data }: Item<BuildSecrets>,
  { project, list, entries, told, result }: Write<Entry>,
) =>
  commit(ports, caller, {
    writes: [
      {
        put: { pk, sk, data: { ...data, [list.member]: entries } },
        if: version === 0 ? 'absent' : { version },
      },
      { check: projectKey(project), if: 'present' },
    ],
    events: [{ project, ...told } as NonNullable<Change['events']>[number]],
    ...(result !== undefined && { result }),
  });

/** Removes those of a project that was deleted. */
export async function forgetKept(ports: Ports, project: string): Promise<void> {
  const { data, version } = await readKept(ports, project);
  if (version === 0) return;
  const paths = [
    ...Object.keys(data.secrets).map((name) => buildSecretPath(project, name)),
    ...Object.keys(data.registries ?? {}).map((name) => registryPasswordPath(project, name)),
  ];
  for (const path of paths) await ports.secrets.remove(path);
  await ports.store.transact([
    { check: projectKey(project), if: 'absent' },
    { delete: buildSecretsKey(project), if: { version } },
  ]);
}
