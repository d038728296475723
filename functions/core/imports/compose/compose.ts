/** Services of a Compose file (compose-spec). */
import { readCommand } from '../command-words.ts';
import { coresOf, memoryOf } from '../compute.ts';
import {
  type ContainerDraft,
  type Draft,
  nameFor,
  newContainer,
  newService,
  type ServiceDraft,
} from '../draft.ts';
import type { ManifestFiles } from '../import-types.ts';
import { at, countOf, isMap, type LooseMap, listOf, mapOf, textAt, textOf, textsOf } from '../loose.ts';
import { isTool, type Store, storeOf } from '../stores.ts';
import { readBuild } from './compose-build.ts';
import { readMounts } from './compose-mounts.ts';
import { sayUnsupported } from './compose-unsupported.ts';
import { readVariables } from './compose-variables.ts';

/** A service of the file on its way: what it becomes is known before anything that names it is read. */
export interface ComposeService {
  /** Its name in the file. */
  key: string;
  source: LooseMap;
  service: ServiceDraft;
  container: ContainerDraft;
}

/** What the readers of a service look at beside it. */
export interface ComposeFile {
  draft: Draft;
  files: ManifestFiles;
  /** Folder of the file. */
  folder: string;
  root: LooseMap;
  stores: ReadonlyMap<string, Store>;
  /** Names of services by their names, and other names, in the file. */
  hosts: Map<string, string>;
  /** Dockerfiles that stand for images of others. */
  made: { path: string; text: string }[];
}

/** @param types outputs by the resource types that there are */
export function importCompose(
  draft: Draft,
  files: ManifestFiles,
  path: string,
  root: unknown,
  types: ReadonlyMap<string, ReadonlySet<string>>,
): { path: string; text: string }[] {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  const stores = new Map<string, Store>();
  const hosts = new Map<string, string>();
  const file: ComposeFile = { draft, files, folder, root: mapOf(root), stores, hosts, made: [] };
  if (at(root, 'include') !== undefined)
    draft.say('edit', path, 'include', 'Import the files that it includes too, one by one.');
  const found: ComposeService[] = [];
  for (const [key, value] of Object.entries(mapOf(at(root, 'services')))) {
    const source = withBase(file, key, value);
    const image = textAt(source, 'image') ?? '';
    const type = source.build === undefined ? storeOf(image) : undefined;
    if (type !== undefined) {
      const outputs = types.get(type);
      const store: Store = { host: key, type, ...(outputs && { outputs }) };
      for (const name of [key, ...namesOf(source)]) stores.set(name, store);
      sayStore(draft, key, image, outputs !== undefined);
    } else if (source.build === undefined && isTool(image))
      draft.say('note', key, `${key} (${image})`, 'It is a tool to work with, and is left out.');
    else if (listOf(source.profiles).length > 0)
      draft.say('note', key, `${key} is of a profile`, 'It is not started without it, and is left out.');
    else found.push(begin(file, key, source, found));
  }
  for (const each of found) readService(file, each);
  return file.made;
}

const namesOf = (source: LooseMap): string[] => [
  ...textsOf(source.container_name),
  ...textsOf(source.hostname),
  ...Object.values(mapOf(source.networks)).flatMap((network) => textsOf(at(network, 'aliases'))),
];

function sayStore(draft: Draft, key: string, image: string, made: boolean): void {
  if (!made) return;
  const then =
    'Each environment gets one of its own. Its data: dump it there, and restore it after the first deployment.';
  draft.say('note', key, `${key} (${image}) becomes a resource`, then);
}

/** `extends` in the same file, one level; what the service says itself counts. */
function withBase(file: ComposeFile, key: string, value: unknown): LooseMap {
  const source = mapOf(value);
  const base = textOf(source.extends) ?? textAt(source, 'extends', 'service');
  if (base === undefined) return source;
  if (textAt(source, 'extends', 'file') !== undefined) {
    file.draft.say(
      'edit',
      key,
      'extends, of another file',
      'Put what it takes from there into its Score file.',
    );
    return source;
  }
  return { ...mapOf(at(file.root, 'services', base)), ...source };
}

/**
 * What is built from the same folder is one service: its programs are containers side by side, with the same image.
 */
function begin(
  file: ComposeFile,
  key: string,
  source: LooseMap,
  before: readonly ComposeService[],
): ComposeService {
  const { draft, hosts } = file;
  const folder = readBuild(file, key, source);
  const container = newContainer();
  const beside = before.find(({ service }) => service.folder === folder)?.service;
  const name = uniqueName(draft, nameFor(key));
  const service = beside ?? draft.add(newService(name, folder));
  if (beside) {
    const then = 'They have the same image, and are scaled and deployed together.';
    draft.say('note', beside.name, `${key} runs beside ${beside.name} in one service`, then);
  }
  service.containers[uniqueKey(service.containers, nameFor(key))] = container;
  for (const host of [key, ...namesOf(source)]) hosts.set(host, service.name);
  return { key, source, service, container };
}

const uniqueName = (draft: Draft, name: string): string =>
  draft.services.some((each) => each.name === name) ? `${name.slice(0, 36)}-${draft.services.length}` : name;

const uniqueKey = (taken: object, name: string): string =>
  Object.hasOwn(taken, name) ? `${name.slice(0, 36)}-${Object.keys(taken).length}` : name;

function readService(file: ComposeFile, each: ComposeService): void {
  const { source, service, container } = each;
  readPorts(source, service);
  readVariables(file, each);
  readMounts(file, each);
  const entrypoint = readCommand(file.draft, service, source.entrypoint, 'compose');
  const command = readCommand(file.draft, service, source.command, 'compose');
  if (entrypoint) container.command = entrypoint;
  if (command) container.args = command;
  readHealth(source, container);
  const limits = at(source, 'deploy', 'resources', 'limits');
  const memory = memoryOf(textAt(limits, 'memory') ?? textOf(source.mem_limit) ?? '');
  const cpu = coresOf(textAt(limits, 'cpus') ?? textOf(source.cpus) ?? '');
  if (memory !== undefined) container.memory = memory;
  if (cpu !== undefined) container.cpu = cpu;
  const replicas = countOf(at(source, 'deploy', 'replicas')) ?? countOf(source.scale);
  if (replicas !== undefined && replicas > 1)
    service.annotations['berth.dev/replicas'] = String(Math.min(replicas, 20));
  sayUnsupported(file.draft, each);
}

/** `8080:80`, `127.0.0.1:8080:80/udp`, `80`, a map with `target`; of a range the first. */
function readPorts(source: LooseMap, service: ServiceDraft): void {
  for (const port of [...listOf(source.ports), ...listOf(source.expose)]) {
    const [, number, protocol] =
      /(\d{1,5})(?:-\d{1,5})?(?:\/(tcp|udp))?$/.exec(
        isMap(port) ? (textOf(port.target) ?? '') : (textOf(port) ?? ''),
      ) ?? [];
    const target = Number(number);
    if (!(target >= 1 && target <= 65_535)) continue;
    const isUdp = protocol === 'udp' || textAt(port, 'protocol') === 'udp';
    if (service.ports.some((known) => known.port === target && (known.protocol === 'UDP') === isUdp))
      continue;
    const name = service.ports.length === 0 ? 'www' : `p${target}${isUdp ? '-udp' : ''}`;
    service.ports.push({ name, port: target, ...(isUdp && { protocol: 'UDP' }) });
  }
}

/** A check that asks the program by HTTP is a probe by HTTP; others run as the command that they are. */
function readHealth(source: LooseMap, container: ContainerDraft): void {
  const test = at(source, 'healthcheck', 'test');
  const words = textsOf(test);
  if (words.length === 0 || words[0] === 'NONE' || at(source, 'healthcheck', 'disable') === true) return;
  const line = words.join(' ').slice(0, 2000);
  const url = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d{1,5}))?(\/[^\s"'|]*)?/.exec(line);
  if (url) {
    const port = Number(url[1] ?? 80);
    if (port >= 1 && port <= 65_535) container.readiness = { httpGet: { path: url[2] ?? '/', port } };
    return;
  }
  const isShell = words[0] === 'CMD-SHELL' || !Array.isArray(test);
  const command = isShell
    ? ['sh', '-c', words.filter((word) => word !== 'CMD-SHELL').join(' ')]
    : words.slice(1);
  if (command.every((word) => word !== '' && !word.includes('${')))
    container.readiness = { exec: { command } };
}
