/** Volumes, secrets and configs of a service of a Compose file. */

import { isVariable, nameFor } from '../draft.ts';
import { at, isMap, listOf, textAt, textOf } from '../loose.ts';
import { pathFrom } from '../source-path.ts';
import type { ComposeFile, ComposeService } from './compose.ts';

interface Mount {
  source: string | undefined;
  target: string;
  readOnly: boolean;
}

/** `data:/var/lib/app:ro`, `./conf:/etc/app`, `/cache`, a map with `target`. */
function mountOf(value: unknown): Mount | undefined {
  if (isMap(value)) {
    const target = textAt(value, 'target');
    if (target === undefined || textAt(value, 'type') === 'tmpfs') return undefined;
    return { source: textAt(value, 'source'), target, readOnly: value.read_only === true };
  }
  const parts = (textOf(value) ?? '').split(':');
  const [first = '', second, ...options] = parts;
  if (second === undefined)
    return first.startsWith('/') ? { source: undefined, target: first, readOnly: false } : undefined;
  return { source: first, target: second, readOnly: options.join(':').split(',').includes('ro') };
}

export function readMounts(file: ComposeFile, each: ComposeService): void {
  for (const value of listOf(each.source.volumes)) {
    const mount = mountOf(value);
    if (mount && /^\/[^\u0000-\u001f]{1,500}$/.test(mount.target)) readMount(file, each, mount);
  }
  for (const value of listOf(each.source.secrets)) readSecret(file, each, value);
  for (const value of listOf(each.source.configs)) readConfig(file, each, value);
}

function readMount(file: ComposeFile, each: ComposeService, mount: Mount): void {
  const { draft } = file;
  const { service, container } = each;
  const { source, readOnly } = mount;
  const target = mount.target.replace(/(?<=.)\/+$/, '');
  if (source === undefined || /^[A-Za-z0-9][\w.-]*$/.test(source)) {
    // A folder of packages over the source is there for the mount of the source alone.
    if (target.endsWith('/node_modules')) return;
    const resource = nameFor(source ?? `data-${target}`);
    service.resources[resource] = { type: 'volume', ...(source !== undefined && { id: resource }) };
    container.volumes[target] = { source: `\${resources.${resource}}`, ...(readOnly && { readOnly }) };
    return;
  }
  if (/docker\.sock|^\/(?:var\/run|proc|sys|dev)\b/.test(source)) {
    draft.say(
      'edit',
      service.name,
      `the mount of ${source.slice(0, 200)}`,
      'A service does not reach into its machine: do without it.',
    );
    return;
  }
  const path = pathFrom(file.folder, source);
  const inside = path !== undefined && (service.folder === '' || path.startsWith(`${service.folder}/`));
  const isFile = /\.[A-Za-z0-9]+$/.test(source) && /\.[A-Za-z0-9]+$/.test(target);
  if (isFile && inside) {
    const relative = service.folder === '' ? path : path.slice(service.folder.length + 1);
    container.files[target] = { source: relative, noExpand: true };
  } else if (isFile || readOnly)
    draft.say(
      'edit',
      service.name,
      `the mount of ${source.slice(0, 200)} at ${target}`,
      'Copy it into the image by the Dockerfile, or put it beside the Score file and name it under files.',
    );
  else
    draft.say(
      'note',
      service.name,
      `the mount of ${source.slice(0, 200)} at ${target}`,
      'A mount of source is there to work on it; the image has its own. For data it is a resource of type volume.',
    );
}

/** A secret of a file: the program finds it where Compose puts it. */
function readSecret({ draft }: ComposeFile, { service, container }: ComposeService, value: unknown): void {
  const name = textOf(value) ?? textAt(value, 'source') ?? '';
  const wanted = textAt(value, 'target') ?? name;
  const variable = name.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_');
  if (!isVariable(variable) || wanted === '') return;
  const target = wanted.startsWith('/') ? wanted : `/run/secrets/${wanted}`;
  container.files[target] = {
    content: draft.secret(service, variable, `the secret ${name} of the Compose file`),
  };
}

function readConfig(file: ComposeFile, { service, container }: ComposeService, value: unknown): void {
  const name = textOf(value) ?? textAt(value, 'source') ?? '';
  const wanted = textAt(value, 'target') ?? name;
  const source = textOf(at(file.root, 'configs', name, 'file'));
  const content = textOf(at(file.root, 'configs', name, 'content'));
  const path = source === undefined ? undefined : pathFrom(file.folder, source);
  const inside = path !== undefined && (service.folder === '' || path.startsWith(`${service.folder}/`));
  const target = wanted.startsWith('/') ? wanted : `/${wanted}`;
  if (content !== undefined) container.files[target] = { content, noExpand: true };
  else if (inside)
    container.files[target] = {
      source: service.folder === '' ? path : path.slice(service.folder.length + 1),
      noExpand: true,
    };
  else
    file.draft.say(
      'edit',
      service.name,
      `the config ${name.slice(0, 100)}`,
      'Put its file beside the Score file and name it under files.',
    );
}
