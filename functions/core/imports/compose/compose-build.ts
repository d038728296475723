/** What a service of a Compose file is built from. */

import { nameFor } from '../draft.ts';
import { at, type LooseMap, mapOf, textAt, textOf } from '../loose.ts';
import { pathFrom } from '../source-path.ts';
import type { ComposeFile } from './compose.ts';

/** The folder that is built. An image of others is built, too: from a Dockerfile that names it. */
export function readBuild(file: ComposeFile, key: string, source: LooseMap): string {
  const { draft, folder } = file;
  const { build } = source;
  if (build === undefined || build === null) return fromImage(file, key, textAt(source, 'image'));
  const context = textOf(build) ?? textAt(build, 'context') ?? '.';
  if (/^[a-z+]+:\/\/|^git@/.test(context)) {
    draft.say(
      'edit',
      key,
      `it is built from ${context.slice(0, 200)}`,
      `Build it from there: berth build --git <url> --service ${nameFor(key)}`,
    );
    return nameFor(key);
  }
  const at = pathFrom(folder, context);
  if (at === undefined) {
    draft.sayOutside(key);
    return nameFor(key);
  }
  sayBuild(file, key, build);
  return at;
}

function fromImage({ draft, made }: ComposeFile, key: string, image: string | undefined): string {
  const folder = nameFor(key);
  if (image === undefined || !/^[A-Za-z0-9][\w./:@-]{0,400}$/.test(image)) {
    draft.say(
      'edit',
      key,
      'it has neither a folder to build nor an image that can be told',
      'Put a Dockerfile into the folder of its Score file.',
    );
    return folder;
  }
  draft.say(
    'note',
    key,
    `it runs ${image}`,
    `${folder}/Dockerfile names it, and is built where Docker or Podman is.`,
  );
  made.push({ path: `${folder}/Dockerfile`, text: `FROM ${image}\n` });
  return folder;
}

function sayBuild({ draft }: ComposeFile, key: string, build: unknown): void {
  const dockerfile = textAt(build, 'dockerfile');
  if (dockerfile !== undefined && !/^(?:\.\/)?Dockerfile$/.test(dockerfile))
    draft.say(
      'edit',
      key,
      `build.dockerfile: ${dockerfile.slice(0, 200)}`,
      'Berth builds the file Dockerfile of the folder: give it that name.',
    );
  if (at(build, 'dockerfile_inline') !== undefined)
    draft.say('edit', key, 'build.dockerfile_inline', 'Put it into a file, Dockerfile.');
  const target = textAt(build, 'target');
  if (target !== undefined)
    draft.say(
      'edit',
      key,
      `build.target: ${target.slice(0, 100)}`,
      'Berth builds the last stage of the Dockerfile: let that be this one.',
    );
  const names = Object.keys(mapOf(at(build, 'args')));
  if (names.length > 0)
    draft.say(
      'edit',
      key,
      `build.args: ${names.slice(0, 20).join(', ')}`,
      'Give them defaults in the Dockerfile: ARG NAME=value.',
    );
}
