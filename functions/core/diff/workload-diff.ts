/** What differs between two workloads, by area. */
import { shortHash } from '../names.ts';
import { resourceIdentity } from '../score/resource-identity.ts';
import { readSettings } from '../score/settings.ts';
import type { ScoreContainer, ScoreFile, ScoreProbe, ScoreWorkload } from '../score/workload.ts';
import { type Area, type Change, compare, type Facts, factsOf } from './change.ts';
import { maySecret } from './sensitive.ts';

const SETTINGS = 'berth.dev/';
const nothing: Partial<ScoreContainer> = {};

/** JSON with sorted keys: the order in a file makes no difference. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** The texts that an object holds, by path: `{a: {b: 1}}` is `a.b` = `1`. */
function* leaves(value: unknown, path: string): Generator<[string, string]> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) yield* leaves(inner, path ? `${path}.${key}` : key);
  } else if (value !== undefined) yield [path, typeof value === 'string' ? value : sorted(value)];
}

const members = <T>(record: Record<string, T> | undefined, text: (value: T) => string): Facts =>
  new Map(Object.entries(record ?? {}).map(([name, value]) => [name, text(value)]));

/** A file may hold anything, so its size and a hash stand for its content. */
function fileText({ content, binaryContent, source, mode = '0644', noExpand }: ScoreFile): string {
  const text = content ?? binaryContent ?? '';
  const kind = binaryContent === undefined ? 'characters' : 'characters of base64';
  return `mode ${mode}, ${text.length} ${kind}, content ${shortHash(text)}${noExpand ? ', not expanded' : ''}${source ? `, from ${source}` : ''}`;
}

function probeText({ httpGet, exec }: ScoreProbe): string {
  const parts: string[] = [];
  if (httpGet) {
    const { scheme = 'HTTP', host = '', port, path, httpHeaders = [] } = httpGet;
    const headers = httpHeaders.map(({ name, value }) => `${name} ${shortHash(value)}`).join(', ');
    parts.push(`${scheme} ${host}:${port}${path}${headers && ` (${headers})`}`);
  }
  if (exec) parts.push(`runs ${sorted(exec.command)}`);
  return parts.join('; ');
}

function diffContainer(
  container: string,
  before: Partial<ScoreContainer>,
  after: Partial<ScoreContainer>,
): Change[] {
  const of = (
    area: Area,
    facts: (container: Partial<ScoreContainer>) => Facts,
    isHidden?: (name: string, text: string) => boolean,
  ): Change[] => compare({ area, container }, facts(before), facts(after), isHidden);
  return [
    ...of('container', ({ image, before: order }) =>
      factsOf({ image: image === '.' ? undefined : image, before: order && sorted(order) }),
    ),
    ...of(
      'command',
      ({ command, args }) => factsOf({ command: command && sorted(command), args: args && sorted(args) }),
      maySecret,
    ),
    ...of('variable', ({ variables }) => members(variables, (text) => text), maySecret),
    ...of('file', ({ files }) => members(files, fileText)),
    ...of('volume', ({ volumes }) =>
      members(volumes, ({ source, path, readOnly }) =>
        [source, path && `path ${path}`, readOnly && 'read only'].filter(Boolean).join(', '),
      ),
    ),
    ...of('compute', ({ resources }) => new Map(leaves(resources ?? {}, ''))),
    ...of('probe', ({ livenessProbe, readinessProbe }) =>
      factsOf({
        livenessProbe: livenessProbe && probeText(livenessProbe),
        readinessProbe: readinessProbe && probeText(readinessProbe),
      }),
    ),
  ];
}

const settingFacts = (workload: ScoreWorkload | undefined, scaled: number | undefined): Facts => {
  if (!workload) return new Map();
  const { replicas, maxReplicas, strategy, progressDeadlineSeconds, releaseCommand, rollout, variables } =
    readSettings(workload.metadata.annotations).settings;
  return factsOf({
    replicas: scaled ?? replicas,
    maxReplicas: Math.max(maxReplicas, scaled ?? 0),
    strategy,
    progressDeadlineSeconds,
    releaseCommand: releaseCommand?.join(' '),
    variables,
    steps: rollout?.stages
      .map(({ percent, seconds }) => `${percent}% ${seconds === undefined ? 'hold' : `${seconds}s`}`)
      .join(', '),
    checks: rollout && sorted(rollout.checks),
  });
};

const portFacts = (workload: ScoreWorkload | undefined): Facts =>
  members(
    workload?.service?.ports,
    ({ port, targetPort = port, protocol = 'TCP' }) => `${port} to ${targetPort}, ${protocol}`,
  );

/** The identity, parameters and metadata of each resource, by the resource's name and the path in it. */
function resourceFacts(workload: ScoreWorkload | undefined): Facts {
  const facts = new Map<string, string>();
  for (const [name, resource] of Object.entries(workload?.resources ?? {})) {
    facts.set(name, resourceIdentity(workload!.metadata.name, name, resource).uid);
    const { params, metadata } = resource;
    for (const [path, text] of leaves({ params, metadata }, name)) facts.set(path, text);
  }
  return facts;
}

function metadataFacts(workload: ScoreWorkload | undefined): Facts {
  const { annotations = {}, ...metadata } = workload?.metadata ?? {};
  const others = Object.entries(annotations).filter(([name]) => !name.startsWith(SETTINGS));
  return new Map([
    ...leaves(metadata, ''),
    ...others.map(([name, text]): [string, string] => [`annotations.${name}`, text]),
  ]);
}

/** @param before undefined where there was none: then everything in the other is new */
export function diffWorkloads(
  before: ScoreWorkload | undefined,
  after: ScoreWorkload,
  scaled: { before?: number | undefined; after?: number | undefined } = {},
): Change[] {
  const containers = [
    ...new Set([...Object.keys(before?.containers ?? {}), ...Object.keys(after.containers)]),
  ].sort();
  const names = (workload: ScoreWorkload | undefined): Facts => members(workload?.containers, () => '');
  return [
    ...compare({ area: 'setting' }, settingFacts(before, scaled.before), settingFacts(after, scaled.after)),
    ...compare({ area: 'container' }, names(before), names(after)).map(({ area, name, change }) => ({
      area,
      name,
      change,
    })),
    ...containers.flatMap((name) =>
      diffContainer(name, before?.containers[name] ?? nothing, after.containers[name] ?? nothing),
    ),
    ...compare({ area: 'port' }, portFacts(before), portFacts(after)),
    ...compare({ area: 'resource' }, resourceFacts(before), resourceFacts(after), maySecret),
    ...compare({ area: 'metadata' }, metadataFacts(before), metadataFacts(after), maySecret),
  ];
}
