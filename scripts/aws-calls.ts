/**
 * The calls to AWS and Kubernetes in the product's source, and the suites of the conformance run that got a good
 * answer to each from an implementation that others wrote. `node scripts/aws-calls.ts` prints the list.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheRoot } from '../test/conformance/support/cache.ts';

const root = join(import.meta.dirname, '..');

/** Suites in which a real node ran what the cluster was told: folders of the conformance run. */
const RUN = 'test/conformance/node/';

/** Kinds that an API server only keeps there, since nothing that acts by them runs in any suite. */
const idle: Readonly<Record<string, string>> = {
  ingresses: 'no ingress controller answers; suites ask by the Service, through kube-proxy',
  targetgroupbindings: "AWS's load balancer controller binds targets; its custom resource is accepted",
};

/** What else the suites play, in place of what production has. */
const played: readonly string[] = [
  'DNS of the cluster: suites resolve a Service by the API',
  'provisioning of volumes: claims are bound to directories of the node, made beforehand',
  'the second node and every further one: kwok',
  "CodeBuild's container, ECR's layers, CloudWatch's percentiles, RDS itself: see test/conformance/README.md",
];

/** Why a call can be sent to nothing but AWS. */
const reasons: Readonly<Record<string, string>> = {
  GetDownloadUrlForLayerCommand: 'moto keeps no layers; a proxy of the suite answers it',
};

export interface CallReport {
  /** An SDK command such as `GetItemCommand`, or a verb of Kubernetes such as `kubernetes: patch`. */
  call: string;
  files: string[];
  suites: string[];
  /** The resources that a verb of Kubernetes was sent to, where a real node ran what came of it. */
  ran: string[];
  /** Those that an API server took, and no more. */
  accepted: string[];
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

const isIdle = (resource: string): boolean => Object.hasOwn(idle, resource.replace(/\/.*$/, ''));

export function reportCalls(): CallReport[] {
  const reports = new Map<string, CallReport>();
  for (const file of sourceFiles())
    for (const call of new Set(callsIn(file, readFileSync(join(root, file), 'utf8')))) {
      const report = reports.get(call) ?? { call, files: [], suites: [], ran: [], accepted: [] };
      reports.set(call, report);
      report.files.push(file);
    }
  for (const { suite, calls } of recorded())
    for (const { call, resource } of calls.map(toCall)) {
      const report = reports.get(call);
      if (report && !report.suites.includes(suite)) report.suites.push(suite);
      if (!report || resource === undefined) continue;
      const has = suite.startsWith(RUN) && !isIdle(resource) ? report.ran : report.accepted;
      if (!has.includes(resource)) has.push(resource);
    }
  for (const report of reports.values())
    report.accepted = report.accepted.filter((resource) => !report.ran.includes(resource));
  return [...reports.values()].sort((a, b) => a.call.localeCompare(b.call));
}

const percent = (part: number, whole: number): string => `${Math.floor((100 * part) / Math.max(1, whole))} %`;

export function formatCalls(reports: readonly CallReport[]): string {
  const line = ({ call, suites, ran, accepted, files }: CallReport): string => {
    const where = suites.map((suite) => suite.replace('test/conformance/', '')).join(', ');
    const missing = `NOT SENT${reasons[call] ? `: ${reasons[call]}` : ''} (${files.join(', ')})`;
    const kinds = [
      ...(ran.length > 0 ? [`  run for real: ${ran.sort().join(', ')}`] : []),
      ...(accepted.length > 0 ? [`  accepted by an API server: ${accepted.sort().join(', ')}`] : []),
    ];
    return [`${call.padEnd(34)} ${suites.length > 0 ? where : missing}`, ...kinds].join('\n');
  };
  const sent = reports.filter(({ suites }) => suites.length > 0).length;
  const ran = reports.flatMap((report) => report.ran).length;
  const all = ran + reports.flatMap(({ accepted }) => accepted).length;
  return [
    ...reports.map(line),
    '',
    `${sent} of ${reports.length} calls were answered by implementations that others wrote: ${percent(sent, reports.length)}`,
    `${ran} of ${all} verbs on kinds of a cluster were run for real, the others accepted by an API server: ${percent(ran, all)}`,
    '',
    'Simulated still:',
    ...Object.entries(idle).map(([kind, reason]) => `  ${kind}: ${reason}`),
    ...played.map((what) => `  ${what}`),
  ].join('\n');
}

if (import.meta.main) console.log(formatCalls(reportCalls()));
