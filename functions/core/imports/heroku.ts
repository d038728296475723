/** An app of Heroku: app.json and Procfile. */

import { splitWords, WordsError } from '../command-line.ts';
import { maySecret } from '../diff/sensitive.ts';
import { limits } from '../limits.ts';
import { parseProcfile } from '../source/procfile.ts';
import { readCommand } from './command-words.ts';
import {
  type Draft,
  isVariable,
  literal,
  nameFor,
  newContainer,
  newService,
  type ServiceDraft,
} from './draft.ts';
import type { ManifestFiles } from './import-types.ts';
import { at, countOf, listOf, mapOf, textAt, textOf } from './loose.ts';
import { readManifest } from './manifest-text.ts';

/** Memory of a dyno by its size, MiB. */
const SIZES: Readonly<Record<string, number>> = {
  ...{ free: 512, eco: 512, hobby: 512, basic: 512, 'standard-1x': 512, 'standard-2x': 1024 },
  ...{ 'performance-m': 2560, 'performance-l': 14_336 },
};

const LOGS_AND_FIGURES =
  /^(?:papertrail|logentries|logdna|coralogix|timber|librato|newrelic|scout|sumologic|deployhooks|heroku-metrics)/;

/** @param name of the service, where app.json has none */
export function importHeroku(
  draft: Draft,
  files: ManifestFiles,
  name: string,
  types: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const text = files.get('app.json');
  const app = text === undefined ? {} : mapOf(readManifest('app.json', text));
  const service = draft.add(newService(nameFor(textAt(app, 'name') ?? name), ''));
  const web = newContainer();
  service.containers.web = web;
  readProcesses(draft, service, files.get('Procfile'));
  if (service.containers.web) {
    service.ports.push({ name: 'www', port: 80, targetPort: 8080 });
    web.variables.PORT = '8080';
  }
  const variables: Record<string, string> = {};
  for (const addon of [...listOf(app.addons), ...listOf(at(app, 'environments', 'production', 'addons'))])
    readAddon(draft, service, variables, addon, types);
  for (const [key, value] of Object.entries(mapOf(app.env))) {
    if (!isVariable(key) || key === 'PORT' || Object.hasOwn(variables, key)) continue;
    variables[key] = variable(draft, service, key, value);
  }
  for (const container of Object.values(service.containers)) Object.assign(container.variables, variables);
  readFormation(service, app.formation);
  setProcesses(service, app.formation);
  sayUnsupported(draft, service, app);
}

function readProcesses(draft: Draft, service: ServiceDraft, text: string | undefined): void {
  if (text === undefined) return;
  const { processes } = parseProcfile(text);
  const line = processes.get('web');
  if (line === undefined && processes.size > 0) {
    delete service.containers.web;
  } else if (line !== undefined && needsShell(line))
    draft.say(
      'edit',
      service.name,
      'the web line of the Procfile needs a shell',
      'Put it into a script of package.json, and write "web: npm run that-script".',
    );
  for (const [type, command] of processes) {
    if (type === 'web') continue;
    if (type === 'release') {
      if (needsShell(command))
        draft.say(
          'edit',
          service.name,
          'the release line of the Procfile needs a shell',
          'Put it into a script, and let the line run that.',
        );
      else service.annotations['berth.dev/release-command'] = command.slice(0, 4096);
      continue;
    }
    const words = readCommand(draft, service, command, 'heroku');
    if (!words) continue;
    const container = newContainer();
    container.command = words;
    service.containers[nameFor(type)] = container;
    draft.say(
      'note',
      service.name,
      `${type} runs beside web in one service`,
      'They have the same image and are deployed together; each is scaled by itself: berth scale.',
    );
  }
  if (Object.keys(service.containers).length === 0) service.containers.web = newContainer();
}

function needsShell(line: string): boolean {
  try {
    splitWords(line);
    return false;
  } catch (error) {
    if (error instanceof WordsError) return true;
    throw error;
  }
}

function variable(draft: Draft, service: ServiceDraft, name: string, value: unknown): string {
  if (textAt(value, 'generator') === 'secret') {
    draft.say(
      'set',
      service.name,
      `${name} is a text of chance`,
      `openssl rand -hex 32 | berth secrets set ${name}`,
    );
    return draft.secret(service, name, 'made by Heroku');
  }
  const text = textOf(value) ?? textAt(value, 'value');
  if (text === undefined || text === '') {
    // What is not needed and has no value is empty until somebody sets it.
    const isNeeded = at(value, 'required') !== false && text === undefined;
    return isNeeded
      ? draft.secret(service, name, 'a config var of the app')
      : draft.variable(service, name, new Map([['', '']]));
  }
  return maySecret(name, text)
    ? draft.secret(service, name, 'a value in app.json')
    : draft.variable(service, name, new Map([['', text]]));
}

function readAddon(
  draft: Draft,
  service: ServiceDraft,
  variables: Record<string, string>,
  addon: unknown,
  types: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const plan = textOf(addon) ?? textAt(addon, 'plan') ?? '';
  const name = plan.split(':')[0]?.toLowerCase() ?? '';
  const as = textAt(addon, 'as');
  const [prefix, type] = name.startsWith('heroku-postgresql')
    ? ['DATABASE', 'postgres']
    : /redis/.test(name)
      ? ['REDIS', 'redis']
      : /mysql|cleardb|maria/.test(name)
        ? ['DATABASE', 'mysql']
        : /mongo/.test(name)
          ? ['MONGODB', 'mongodb']
          : [undefined, undefined];
  if (type === undefined) {
    if (name === 'scheduler' || name.startsWith('cron'))
      draft.say(
        'set',
        service.name,
        `the add-on ${name}`,
        'Set each of its jobs: berth jobs set <name> --schedule "0 * * * *" -- <command>',
      );
    else if (LOGS_AND_FIGURES.test(name))
      draft.say(
        'note',
        service.name,
        `the add-on ${name.slice(0, 60)}`,
        'Logs and figures are there by themselves.',
      );
    else if (name !== '')
      draft.say(
        'set',
        service.name,
        `the add-on ${name.slice(0, 60)}`,
        'Have it elsewhere; the config vars that it had set are secrets to name in the Score file.',
      );
    return;
  }
  const variable = `${as !== undefined && isVariable(as) ? as.toUpperCase() : prefix}_URL`;
  if (types.get(type)?.has('url')) {
    const resource = nameFor(as ?? (type === 'postgres' ? 'db' : type));
    service.resources[resource] = { type };
    variables[variable] = `\${resources.${resource}.url}`;
    draft.say(
      'note',
      service.name,
      `the add-on ${name.slice(0, 60)} becomes a resource`,
      'Each environment gets one of its own. Its data: dump it there, and restore it after the first deployment.',
    );
    return;
  }
  draft.say(
    'set',
    service.name,
    `the add-on ${name.slice(0, 60)}: Berth makes none`,
    `Have one elsewhere, and set ${variable} in each environment to its address.`,
  );
  variables[variable] = draft.secret(service, variable, `the address of ${type}`);
}

/** Each process type but `web` runs apart, as at Heroku, in one replica unless the formation says otherwise. */
function setProcesses(service: ServiceDraft, formation: unknown): void {
  if (!service.containers.web) return;
  const quantities = new Map(
    Object.entries(mapOf(formation)).map(([type, value]) => [nameFor(type), countOf(at(value, 'quantity'))]),
  );
  const processes = Object.keys(service.containers)
    .filter((name) => name !== 'web')
    .slice(0, limits.processes.value)
    .map((name) => `${name}=${Math.min(quantities.get(name) ?? 1, limits.replicas.value)}`);
  if (processes.length > 0) service.annotations['berth.dev/processes'] = processes.join(', ');
}

function readFormation(service: ServiceDraft, formation: unknown): void {
  for (const [type, value] of Object.entries(mapOf(formation))) {
    const container =
      service.containers[nameFor(type)] ?? (type === 'web' ? service.containers.web : undefined);
    if (!container) continue;
    const size = SIZES[(textAt(value, 'size') ?? '').toLowerCase()];
    if (size !== undefined) container.memory = `${size}Mi`;
    const quantity = countOf(at(value, 'quantity'));
    if (type === 'web' && quantity !== undefined && quantity > 1)
      service.annotations['berth.dev/replicas'] = String(Math.min(quantity, 20));
  }
}

function sayUnsupported(draft: Draft, service: ServiceDraft, app: Readonly<Record<string, unknown>>): void {
  const postdeploy = textAt(app, 'scripts', 'postdeploy');
  if (postdeploy !== undefined)
    draft.say(
      'set',
      service.name,
      'scripts.postdeploy',
      `Once after the first deployment: berth run -- ${literal(postdeploy).slice(0, 200)}`,
    );
  const packs = listOf(app.buildpacks).flatMap((pack) => textOf(pack) ?? textAt(pack, 'url') ?? []);
  const others = packs.filter((pack) => !/nodejs|static|nginx/.test(pack));
  if (others.length > 0)
    draft.say(
      'note',
      service.name,
      `the buildpacks ${others.slice(0, 10).join(', ').slice(0, 300)}`,
      'On AWS buildpacks build it. On one machine a Dockerfile does; Node.js and static sites need none.',
    );
  if (at(app, 'environments', 'review') !== undefined || at(app, 'environments', 'test') !== undefined)
    draft.say(
      'note',
      service.name,
      'environments of reviews and tests',
      'A pull request gets a preview: berth connect.',
    );
}
