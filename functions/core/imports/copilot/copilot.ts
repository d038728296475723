/** Services and jobs of AWS Copilot: copilot/<name>/manifest.yml, its addons, and its environments. */
import { readCommand } from '../command-words.ts';
import {
  type ContainerDraft,
  type Draft,
  nameFor,
  newContainer,
  newService,
  type ServiceDraft,
} from '../draft.ts';
import type { ManifestFiles } from '../import-types.ts';
import { at, countOf, type LooseMap, mapOf, textAt, textOf } from '../loose.ts';
import { readManifest } from '../manifest-text.ts';
import { pathFrom } from '../source-path.ts';
import { readAddons } from './copilot-addons.ts';
import { cronOf, minutesOf } from './copilot-schedule.ts';
import { readSettings } from './copilot-settings.ts';
import { sayUnsupported } from './copilot-unsupported.ts';

export interface CopilotService {
  /** Its folder in `copilot`. */
  key: string;
  type: string;
  manifest: LooseMap;
  service: ServiceDraft;
  container: ContainerDraft;
}

export interface CopilotApp {
  draft: Draft;
  files: ManifestFiles;
  /** The names of environments that manifests speak of. */
  environments: readonly string[];
  /** Name of the application. */
  application: string | undefined;
}

const MANIFEST = /^((?:.*\/)?)copilot\/([^/]{1,255})\/manifest\.ya?ml$/;

export const isCopilot = (path: string): boolean => MANIFEST.test(path);

export function importCopilot(draft: Draft, files: ManifestFiles, types: ReadonlySet<string>): void {
  const found = [...files].flatMap(([path, text]) => {
    const [, top = '', key = ''] = MANIFEST.exec(path) ?? [];
    return key === ''
      ? []
      : [{ top: top.replace(/\/$/, ''), key, manifest: mapOf(readManifest(path, text)) }];
  });
  const environments = new Set<string>();
  for (const path of files.keys()) {
    const name = /(?:^|\/)copilot\/environments\/([^/]{1,255})\/manifest\.ya?ml$/.exec(path)?.[1];
    if (name !== undefined && name !== 'addons') environments.add(nameFor(name));
  }
  for (const { manifest } of found)
    for (const name of Object.keys(mapOf(manifest.environments))) environments.add(nameFor(name));
  const workspace = [...files].find(([path]) => /(?:^|\/)copilot\/\.workspace$/.test(path))?.[1];
  const application = /^application:\s*([A-Za-z0-9-]{1,100})\s*$/m.exec(workspace?.slice(0, 2000) ?? '')?.[1];
  const app: CopilotApp = { draft, files, environments: [...environments].sort(), application };
  const services = found
    // Jobs last: one that is built from the folder of a service runs beside that.
    .toSorted((a, b) => Number(isJob(a.manifest)) - Number(isJob(b.manifest)))
    .flatMap(({ top, key, manifest }) => begin(app, top, key, manifest) ?? []);
  readPaths(services);
  for (const each of services) readService(app, each, types);
}

const isJob = (manifest: LooseMap): boolean => manifest.type === 'Scheduled Job';

const TYPES = [
  'Load Balanced Web Service',
  'Backend Service',
  'Worker Service',
  'Scheduled Job',
  'Request-Driven Web Service',
  'Static Site',
];

function begin(app: CopilotApp, top: string, key: string, manifest: LooseMap): CopilotService | undefined {
  const { draft } = app;
  const type = textOf(manifest.type) ?? '';
  if (!TYPES.includes(type)) {
    if (type !== 'Environment' && key !== 'environments')
      draft.say(
        'edit',
        key,
        `the type ${type.slice(0, 60) || 'is missing'}`,
        'Write its score.yaml by hand: berth init.',
      );
    return undefined;
  }
  const name = nameFor(textOf(manifest.name) ?? key);
  const folder = folderOf(app, top, key, manifest);
  const beside = draft.services.find((each) => each.folder === folder);
  const container = newContainer();
  if (beside && isJob(manifest)) {
    return { key, type, manifest, service: beside, container };
  }
  if (beside) {
    const then = 'They have the same image, and are scaled and deployed together.';
    draft.say('note', beside.name, `${name} runs beside ${beside.name} in one service`, then);
  }
  const service = beside ?? draft.add(newService(name, folder));
  const taken = Object.hasOwn(service.containers, name);
  service.containers[taken ? `${name.slice(0, 36)}-${Object.keys(service.containers).length}` : name] =
    container;
  return { key, type, manifest, service, container };
}

/** The folder that its image is built from: the context, or that of its Dockerfile. */
function folderOf({ draft }: CopilotApp, top: string, key: string, manifest: LooseMap): string {
  const build = at(manifest, 'image', 'build');
  const location = textAt(manifest, 'image', 'location');
  if (manifest.type === 'Static Site') {
    const source = textAt(mapOf(Array.isArray(manifest.files) ? manifest.files[0] : undefined), 'source');
    return pathFrom(top, source ?? '.') ?? key;
  }
  if (build === undefined && location !== undefined) {
    const then = `Make a version of the image: POST …/versions with "image" and the Score file as "workload".`;
    draft.say('edit', key, `image.location: ${location.slice(0, 200)}`, then);
    return nameFor(key);
  }
  const dockerfile = textOf(build) ?? textAt(build, 'dockerfile') ?? './Dockerfile';
  const parent = dockerfile.includes('/') ? dockerfile.slice(0, dockerfile.lastIndexOf('/')) : '';
  const context = textAt(build, 'context') ?? parent;
  const folder = pathFrom(top, context);
  if (folder === undefined) {
    draft.sayOutside(key);
    return nameFor(key);
  }
  if (pathFrom(top, dockerfile) !== (folder === '' ? 'Dockerfile' : `${folder}/Dockerfile`))
    draft.say(
      'edit',
      key,
      `image.build.dockerfile: ${dockerfile.slice(0, 200)}`,
      'Berth builds the file Dockerfile at the top of the folder: put it there, by that name.',
    );
  if (textAt(build, 'target') !== undefined)
    draft.say(
      'edit',
      key,
      'image.build.target',
      'Berth builds the last stage of the Dockerfile: let that be this one.',
    );
  const args = Object.keys(mapOf(at(build, 'args')));
  if (args.length > 0)
    draft.say(
      'edit',
      key,
      `image.build.args: ${args.slice(0, 20).join(', ')}`,
      'Give them defaults in the Dockerfile: ARG NAME=value.',
    );
  return folder;
}

const isWeb = ({ type }: CopilotService): boolean =>
  type === 'Load Balanced Web Service' || type === 'Request-Driven Web Service';

/** Services behind one load balancer share its host, and are told apart by their paths. */
function readPaths(services: readonly CopilotService[]): void {
  const pathOf = ({ manifest }: CopilotService) =>
    `/${(textAt(manifest, 'http', 'path') ?? '/').replace(/^\/+/, '')}`;
  const behind = services.filter(({ type }) => type === 'Load Balanced Web Service');
  for (const each of services) {
    const { manifest, service } = each;
    const port = countOf(at(manifest, 'image', 'port'));
    if (port === undefined || port < 1 || port > 65_535) {
      if (isWeb(each) && service.ports.length === 0)
        service.ports.push({ name: 'www', port: 80, targetPort: 80 });
    } else if (service.ports.length === 0)
      service.ports.push(isWeb(each) ? { name: 'www', port: 80, targetPort: port } : { name: 'www', port });
    else if (!service.ports.some(({ targetPort, port: own }) => (targetPort ?? own) === port))
      service.ports.push({ name: `p${port}`, port });
    if (behind.length < 2 || !behind.includes(each) || manifest.http === false) continue;
    service.resources.dns = { type: 'dns', id: 'site' };
    service.resources.route = {
      type: 'route',
      params: { host: '${resources.dns.host}', path: pathOf(each), port: service.ports[0]?.port ?? 80 },
    };
  }
}

function readService(app: CopilotApp, each: CopilotService, types: ReadonlySet<string>): void {
  const { draft } = app;
  const { manifest, service, container } = each;
  readSettings(app, each, (host) => serviceAt(draft, host));
  readAddons(app, each, types);
  const entrypoint = readCommand(draft, service, manifest.entrypoint, 'copilot');
  const command = readCommand(draft, service, manifest.command, 'copilot');
  sayUnsupported(draft, each);
  if (isJob(manifest)) {
    readJob(app, each, [...(entrypoint ?? []), ...(command ?? [])]);
    return;
  }
  if (entrypoint) container.command = entrypoint;
  if (command) container.args = command;
  readCompute(each);
  readCount(draft, each);
  readHealth(each);
}

/** `api`, and `api.test.shop.local` of service discovery. */
function serviceAt(draft: Draft, host: string): string | undefined {
  const [name = '', ...rest] = host.split('.');
  if (rest.length > 0 && rest.at(-1) !== 'local' && rest.at(-1) !== 'internal') return undefined;
  return draft.services.find((service) => service.name === nameFor(name))?.name;
}

/** Copilot counts processors in 1024ths and memory in MiB; App Runner the same. */
function readCompute({ manifest, container }: CopilotService): void {
  const cpu = countOf(manifest.cpu);
  const memory = countOf(manifest.memory);
  if (cpu !== undefined && cpu > 0) container.cpu = `${Math.round((cpu * 1000) / 1024)}m`;
  if (memory !== undefined && memory > 0) container.memory = `${memory}Mi`;
}

function readCount(draft: Draft, { manifest, service }: CopilotService): void {
  const set = (name: string, count: number) => {
    if (count > 1) service.annotations[`berth.dev/${name}`] = String(Math.min(count, 20));
  };
  const { count } = manifest;
  const whole = countOf(count);
  const range = at(count, 'range');
  const [, from, to] = /^(\d{1,4})-(\d{1,4})$/.exec(textOf(range) ?? '') ?? [];
  const min = countOf(from ?? at(range, 'min'));
  const max = countOf(to ?? at(range, 'max'));
  if (whole !== undefined) set('replicas', whole);
  if (whole === 0)
    draft.say(
      'set',
      service.name,
      'count: 0',
      `It runs once it is deployed: berth stop --service ${service.name}`,
    );
  if (min !== undefined) set('replicas', min);
  if (max !== undefined) set('max-replicas', max);
  if (textAt(manifest, 'deployment', 'rolling') === 'recreate')
    service.annotations['berth.dev/strategy'] = 'recreate';
  for (const [environment, other] of Object.entries(mapOf(manifest.environments))) {
    const there = countOf(at(other, 'count'));
    if (there !== undefined && there !== whole)
      draft.say(
        'set',
        service.name,
        `count: ${there} in ${environment.slice(0, 60)}`,
        `berth scale ${there} --env ${nameFor(environment)} --service ${service.name}`,
      );
  }
}

function readHealth({ manifest, service, container }: CopilotService): void {
  const check = at(manifest, 'http', 'healthcheck');
  const path = textOf(check) ?? textAt(check, 'path');
  const [first] = service.ports;
  const port = countOf(at(check, 'port')) ?? first?.targetPort ?? first?.port;
  if (path?.startsWith('/') && port !== undefined && port > 0 && port <= 65_535)
    container.readiness = { httpGet: { path, port } };
}

function readJob(
  { draft }: CopilotApp,
  { manifest, service, container, key }: CopilotService,
  command: string[],
): void {
  const name = nameFor(textOf(manifest.name) ?? key);
  const schedule = cronOf(textAt(manifest, 'on', 'schedule') ?? '');
  if (service.name === name) {
    // A job runs beside a service: this one does nothing but be there.
    container.command = ['sleep', 'infinity'];
    draft.say(
      'note',
      name,
      'a job runs beside a service',
      'The service of its image sleeps, and takes next to nothing.',
    );
  } else Object.assign(Object.values(service.containers)[0]?.variables ?? {}, container.variables);
  if (command.length === 0) {
    draft.say(
      'edit',
      name,
      'the job has no command, but that of its image',
      `Say it: berth jobs set ${name} --service ${service.name} --schedule '${schedule ?? '...'}' -- <the command>`,
    );
    return;
  }
  if (schedule === undefined) {
    draft.say(
      'edit',
      name,
      `on.schedule: ${(textAt(manifest, 'on', 'schedule') ?? 'none').slice(0, 100)}`,
      `Say it in five fields of cron: berth jobs set ${name} --service ${service.name} --schedule '...' -- ...`,
    );
    return;
  }
  const minutes = minutesOf(textOf(manifest.timeout) ?? '');
  const retries = countOf(manifest.retries);
  service.jobs.push({
    name,
    schedule,
    command,
    ...(minutes !== undefined && { timeout: `${Math.min(minutes, 240)}m` }),
    ...(retries !== undefined && retries > 0 && { retries: Math.min(retries, 5) }),
  });
}
