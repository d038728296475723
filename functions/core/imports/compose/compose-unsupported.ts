/** Keys of a service of a Compose file that have no counterpart, and what to do about each. */

import type { Draft } from '../draft.ts';
import type { Left } from '../import-types.ts';
import { listOf } from '../loose.ts';
import type { ComposeService } from './compose.ts';

const WORKS = 'It runs without it here.';

const KEYS: Readonly<Record<string, readonly [Left['kind'], string]>> = {
  privileged: ['edit', 'No service is privileged: do without it.'],
  cap_add: ['edit', 'Services have no capabilities beyond the usual ones: do without them.'],
  devices: ['edit', 'A service does not reach the devices of a machine: do without them.'],
  network_mode: ['edit', 'Services have a network of their own: do without it.'],
  pid: ['edit', 'Services have processes of their own: do without it.'],
  working_dir: ['edit', 'Set WORKDIR in the Dockerfile.'],
  user: ['note', 'The user of the image runs it: set USER in the Dockerfile where that is another one.'],
  extra_hosts: ['edit', 'Let the program take the address by a variable.'],
  sysctls: ['edit', 'Settings of the kernel are not for services: do without them.'],
  tmpfs: ['note', 'A container writes into its own file system, which goes with it.'],
  labels: ['note', 'Routes that a proxy reads from labels are resources of type route here.'],
  logging: ['note', 'What it prints is in berth logs.'],
  ulimits: ['note', WORKS],
  shm_size: ['note', WORKS],
  platform: ['note', 'The image has to be for the processors that run it.'],
  gpus: ['edit', 'Services get no GPUs.'],
};

export function sayUnsupported(draft: Draft, { source, service }: ComposeService): void {
  for (const [key, [kind, then]] of Object.entries(KEYS)) {
    const value = Object.hasOwn(source, key) ? source[key] : undefined;
    const isThere =
      typeof value === 'object'
        ? Object.keys(value ?? {}).length > 0
        : value !== undefined && value !== false;
    if (isThere) draft.say(kind, service.name, key, then);
  }
  if (listOf(source.ports).length === 0 && service.ports.length === 0)
    draft.say(
      'note',
      service.name,
      'it listens on no port that the file tells of',
      'It gets no address. If it serves, add service.ports to its Score file.',
    );
}
