/** What the registries of others are signed in to with, for images that a project's versions are and stand on. */
import { registryPasswordPath } from '../../core/keys.ts';
import { limits } from '../../core/limits.ts';
import type { KeptForBuilds } from '../../core/model/index.ts';
import type { KeptList } from './kept-for-builds.ts';

export const REGISTRIES_MAX = limits.registryCredentials.value;

export type KeptRegistry = KeptForBuilds & { username: string };

export const registryCredentials: KeptList<KeptRegistry> = {
  member: 'registries',
  max: REGISTRIES_MAX,
  path: registryPasswordPath,
  tooMany: `those of ${REGISTRIES_MAX} registries`,
  called: (name) => `password for the registry "${name}"`,
  listing: 'GET .../registries',
  changed: (registry, { username, version }) => ({
    type: 'registry.changed',
    data: { registry, username, version },
  }),
  deleted: (registry) => ({ type: 'registry.deleted', data: { registry } }),
};
