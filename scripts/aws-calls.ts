/**
 * The calls to AWS and Kubernetes in the product's source, and the suites of the conformance run that got a good
 * answer to each from an implementation that others wrote. `node scripts/aws-calls.ts` prints the list.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheRoot } from '../test/conformance/support/cache.ts';

const root = join(import.meta.dirname, '..');

/** Why a call can be sent to nothing but AWS. */
const reasons: Readonly<Record<string, string>> = {
  GetDownloadUrlForLayerCommand: 'moto keeps no layers; a proxy of the suite answers it',
};

export interface CallReport {
  /** An SDK command such as `GetItemCommand`, or a verb of Kubernetes such as `kubernetes: patch`. */
  call: string;
  files: string[];
  suites: string[];
  /** The resources that a verb of Kubernetes was sent to. */
  resources: string[];
}

const verbs: Readonly<Record<string, string>> = {
  get: 'get',
  list: 'list',
  watch: 'watch',
  text: 'get log',
  lines: 'get log',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const KUBERNETES = 'kubernetes: ';

/** The calls in a file's text. */
function callsIn(file: string, text: string): string[] {
  const commands = [...text.matchAll(/\bnew (\w+Command)\(/g)].map(([, name = '']) => name);
  if (!file.includes('/kubernetes/') || file.endsWith('/api/client.ts')) return commands;
  const asked = text.matchAll(
    /client\s*\.(?:(get|list|watch|text|lines)\b|call(?:<[^(]*>)?\(\s*'([A-Z]+)')/g,
  );
  return [
    ...commands,
    ...[...asked].map(([, method, verb]) => KUBERNETES + (verbs[method ?? verb ?? ''] ?? verb)),
  ];
}

function sourceFiles(): string[] {
  return ['functions/adapters/aws', 'functions/adapters/kubernetes'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
}

interface Recorded {
  suite: string;
  calls: string[];
}

/** The calls that the latest run of each suite noted; suites that no longer exist do not count. */
function recorded(): Recorded[] {
  const directory = join(cacheRoot, 'calls');
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Recorded)
    .filter(({ suite }) => existsSync(join(root, suite)));
}

/** The call in the source to which a recorded one belongs, and its resource. */
function toCall(name: string): { call: string; resource?: string } {
  const [verb = '', resource] = name.split(' ');
  if (resource === undefined) return { call: name };
  const isLog = resource.endsWith('/log');
  return { call: KUBERNETES + (isLog ? 'get log' : verb), resource };
}

export function reportCalls(): CallReport[] {
  const reports = new Map<string, CallReport>();
  for (const file of sourceFiles())
    for (const call of new Set(callsIn(file, readFileSync(join(root, file), 'utf8')))) {
      const report = reports.get(call) ?? { call, files: [], suites: [], resources: [] };
      reports.set(call, report);
      report.files.push(file);
    }
  for (const { suite, calls } of recorded())
    for (const { call, resource } of calls.map(toCall)) {
      const report = reports.get(call);
      if (report && !report.suites.includes(suite)) report.suites.push(suite);
      if (report && resource && !report.resources.includes(resource)) report.resources.push(resource);
    }
  return [...reports.values()].sort((a, b) => a.call.localeCompare(b.call));
}

export function formatCalls(reports: readonly CallReport[]): string {
  const line = ({ call, suites, resources, files }: CallReport): string => {
    const where = suites.map((suite) => suite.replace('test/conformance/', '')).join(', ');
    const what = resources.length > 0 ? ` (${resources.sort().join(', ')})` : '';
    const missing = `NOT SENT${reasons[call] ? `: ${reasons[call]}` : ''} (${files.join(', ')})`;
    return `${call.padEnd(34)} ${suites.length > 0 ? where + what : missing}`;
  };
  const sent = reports.filter(({ suites }) => suites.length > 0).length;
  const share = Math.floor((100 * sent) / Math.max(1, reports.length));
  return [
    ...reports.map(line),
    '',
    `${sent} of ${reports.length} calls were answered by implementations that others wrote: ${share} %`,
  ].join('\n');
}

if (import.meta.main) console.log(formatCalls(reportCalls()));
