/** Names that Berth takes. */
import { basename } from 'node:path';
import { Failure } from './failure.ts';

/** The name of a folder as a name of a service. @throws Failure when nothing is left of it */
export function nameOf(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  if (name === '')
    throw new Failure('This folder has no name that a service could have.', 'Say one with --service.');
  return name;
}
