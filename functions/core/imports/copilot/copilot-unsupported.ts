/** Keys of Copilot's manifests that have no counterpart, and what to do about each. */

import { type Draft, nameFor } from '../draft.ts';
import type { Left } from '../import-types.ts';
import { at, isMap, listOf, mapOf, textOf } from '../loose.ts';
import type { CopilotService } from './copilot.ts';

const KEYS: readonly (readonly [string, Left['kind'], string])[] = [
  [
    'http.alias',
    'note',
    'The service has an address of its own; a domain of yours leads there by a proxy or a redirect.',
  ],
  ['http.additional_rules', 'edit', 'Add a resource of type route for each path.'],
  ['http.stickiness', 'note', 'Requests are shared out one by one.'],
  [
    'http.allowed_source_ips',
    'edit',
    'Every address may ask: check it in the program, or in front of Berth.',
  ],
  ['http.auth', 'edit', 'Sign-in is the program’s own here.'],
  ['nlb', 'edit', 'Services take HTTP from outside; other protocols between each other alone.'],
  [
    'sidecars',
    'edit',
    'Containers run the image of the service alone: put the program into it, or make a service of its own.',
  ],
  [
    'publish',
    'edit',
    'Berth makes no topics: keep SNS, and give the service its address and credentials as secrets.',
  ],
  [
    'subscribe',
    'edit',
    'Berth makes no queues: keep SQS, and give the service its address and credentials as secrets.',
  ],
  ['taskdef_overrides', 'edit', 'There is no task definition: look for the setting in the Score file.'],
  ['image.credentials', 'edit', 'Give the registry’s credentials to the project: berth registries set.'],
  ['observability', 'note', 'Figures, logs and events are there by themselves; traces are not.'],
  ['network.vpc', 'note', 'Who reaches whom is Berth’s: services of an environment reach each other.'],
  ['storage.readonly_fs', 'note', 'It runs without it here.'],
  ['storage.ephemeral', 'note', 'A container writes into the file system of its machine.'],
  ['platform', 'note', 'The image has to be for the processors that run it.'],
  ['logging', 'note', 'What it prints is in berth logs.'],
];

export function sayUnsupported(draft: Draft, { manifest, service, container }: CopilotService): void {
  for (const [path, kind, then] of KEYS) {
    const value = at(manifest, ...path.split('.'));
    const isEmpty =
      value === undefined ||
      value === null ||
      value === false ||
      (isMap(value) && Object.keys(value).length === 0);
    if (!isEmpty && listOf(value).length > 0) draft.say(kind, service.name, path, then);
  }
  for (const [name, volume] of Object.entries(mapOf(at(manifest, 'storage', 'volumes')))) {
    const target = textOf(at(volume, 'path'));
    if (target === undefined || !/^\/[^\u0000-\u001f]{1,500}$/.test(target)) continue;
    const efs = at(volume, 'efs');
    if (efs === undefined || efs === false) continue;
    const resource = nameFor(name);
    service.resources[resource] = { type: 'volume', ...(isMap(efs) && { id: resource }) };
    const readOnly = at(volume, 'read_only') === true;
    container.volumes[target] = { source: `\${resources.${resource}}`, ...(readOnly && { readOnly }) };
    draft.say(
      'note',
      service.name,
      `the volume ${name.slice(0, 60)}`,
      'It begins empty: copy what is in it.',
    );
  }
  for (const [environment, other] of Object.entries(mapOf(manifest.environments))) {
    const keys = Object.keys(mapOf(other)).filter(
      (key) => !['variables', 'secrets', 'count', 'deployment', 'exec'].includes(key),
    );
    if (keys.length > 0)
      draft.say(
        'note',
        service.name,
        `${keys.slice(0, 20).join(', ')} of environment ${environment.slice(0, 60)}`,
        'A Score file is the same in every environment; variables, secrets and replicas differ.',
      );
  }
}
