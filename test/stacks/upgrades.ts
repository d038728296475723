/**
 * What CloudFormation would refuse, or lose, between two deployments: found from the templates of both, and from which
 * properties AWS's own schemas say that a change of them replaces a resource (they come with the CDK's command).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import type { Template } from '../../stacks/synthesize.ts';

type Templates = Record<string, Template>;

interface Property {
  type: { type: string; reference?: { $ref: string } };
  causesReplacement?: 'yes' | 'maybe';
}
type Properties = Record<string, Property>;

interface Schemas {
  schema: {
    resource: { entities: { cloudFormationType: string; properties: Properties }[] };
    typeDefinition: { entities: { $id: string; properties: Properties }[] };
  };
}

const packed = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'db.json.gz');
const { schema } = JSON.parse(gunzipSync(readFileSync(packed)).toString()) as Schemas;
const resources = new Map(
  schema.resource.entities.map(({ cloudFormationType, properties }) => [cloudFormationType, properties]),
);
const definitions = new Map(schema.typeDefinition.entities.map(({ $id, properties }) => [$id, properties]));

/** What holds something that nobody can make again. */
export const STATEFUL: readonly string[] = [
  'AWS::Cognito::UserPool',
  'AWS::DynamoDB::GlobalTable',
  'AWS::EC2::VPC',
  'AWS::EKS::Cluster',
  'AWS::RDS::DBCluster',
  'AWS::S3::Bucket',
];

interface Place {
  stack: string;
  id: string;
}

const keyOf = ({ stack, id }: Place): string => `${stack}/${id}`;

/** The references of a value that lead to a resource for which a test is true. */
function refersTo(value: unknown, is: (id: string) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((part) => refersTo(part, is));
  return Object.entries(value).some(([name, content]) => {
    if (name === 'Ref') return is(String(content));
    if (name === 'Fn::GetAtt') return is(String((content as unknown[])[0]));
    return refersTo(content, is);
  });
}

/** Whether a property changes in a way that replaces the resource. */
function replaces(
  properties: Properties | undefined,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  isReplaced: (id: string) => boolean,
): boolean {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].some((name) => {
    const property = properties?.[name];
    if (!property) return false;
    const [one, other] = [before[name], after[name]];
    const isChanged = !isDeepStrictEqual(one, other) || refersTo(other, isReplaced);
    if (isChanged && property.causesReplacement !== undefined) return true;
    const nested = definitions.get(property.type.reference?.$ref ?? '');
    return isRecord(one) && isRecord(other) && replaces(nested, one, other, isReplaced);
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Logical ids of what an update makes anew, with all that follows from that within the stack. */
function replacedIn(before: Template, after: Template): Set<string> {
  const replaced = new Set<string>();
  for (let size = -1; size !== replaced.size; ) {
    size = replaced.size;
    for (const [id, { Type, Properties = {} }] of Object.entries(after.Resources)) {
      const former = before.Resources[id];
      if (!former || replaced.has(id)) continue;
      const isOther = former.Type !== Type;
      const isAnew = replaces(resources.get(Type), former.Properties ?? {}, Properties, (other) =>
        replaced.has(other),
      );
      if (isOther || isAnew) replaced.add(id);
    }
  }
  return replaced;
}

const hasText = (value: unknown): boolean =>
  typeof value === 'string' || (isRecord(value) && Object.hasOwn(value, 'Fn::Join'));

/** The names that a template gives to its resources, as far as it gives any. */
function namesIn(stack: string, { Resources }: Template): Map<string, Place> {
  const found = new Map<string, Place>();
  for (const [id, { Type, Properties = {} }] of Object.entries(Resources)) {
    const known = resources.get(Type) ?? {};
    const fixed = Object.entries(Properties).filter(([name]) => known[name]?.causesReplacement === 'yes');
    const named = fixed.filter(([name]) => /(Name|Identifier|Arn|Prefix)$/.test(name));
    if (!named.some(([, value]) => hasText(value))) continue;
    // A name below something of the stack's own is another one in each stack.
    const scope = refersTo(fixed, (other) => Object.hasOwn(Resources, other)) ? stack : '';
    found.set(`${scope} ${Type} ${JSON.stringify(named)}`, { stack, id });
  }
  return found;
}

interface Output {
  Value: unknown;
  Export?: { Name: string };
}

const exportsOf = ({ Outputs = {} }: Template): Map<string, unknown> =>
  new Map(
    (Object.values(Outputs) as Output[]).flatMap(({ Value, Export }): [string, unknown][] =>
      Export ? [[Export.Name, Value]] : [],
    ),
  );

/** Stacks other than this one that import an export, as they are deployed now. */
const importersOf = (templates: Templates, name: string): string[] =>
  Object.entries(templates)
    .filter(([, template]) =>
      JSON.stringify(template).includes(`{"Fn::ImportValue":${JSON.stringify(name)}}`),
    )
    .map(([stack]) => stack);

/** @returns what would go wrong, a line each; a stack that is no longer among the new ones stays as it is */
export function problemsOfUpgrade(before: Templates, after: Templates): string[] {
  const problems: string[] = [];
  const names = new Map(Object.entries(before).flatMap(([stack, template]) => [...namesIn(stack, template)]));
  for (const [stack, template] of Object.entries(after)) {
    const former = before[stack];
    const replaced = former ? replacedIn(former, template) : new Set<string>();
    for (const [name, place] of namesIn(stack, template)) {
      const holder = names.get(name);
      if (!holder) continue;
      if (keyOf(holder) !== keyOf(place)) problems.push(`${keyOf(place)} collides with ${keyOf(holder)}`);
      else if (replaced.has(place.id)) problems.push(`${keyOf(place)} can not be replaced under its name`);
    }
    if (!former) continue;
    const exported = exportsOf(template);
    for (const [name, value] of exportsOf(former)) {
      const importers = importersOf(before, name);
      if (importers.length === 0) continue;
      const now = exported.get(name);
      const isOther = now !== undefined && !isDeepStrictEqual(now, value);
      if (now === undefined) problems.push(`${name} vanishes, which ${importers.join(', ')} import`);
      else if (isOther || refersTo(now, (id) => replaced.has(id)))
        problems.push(`${name} changes, which ${importers.join(', ')} import`);
    }
    for (const [id, { Type, Properties }] of Object.entries(former.Resources)) {
      if (!STATEFUL.includes(Type)) continue;
      if (!template.Resources[id] || replaced.has(id)) problems.push(`${stack}/${id} is lost`);
      else problems.push(...indexes(`${stack}/${id}`, Properties, template.Resources[id]?.Properties));
    }
  }
  return problems;
}

/** DynamoDB makes or removes one index in an update, and no more. */
function indexes(table: string, before: unknown, after: unknown): string[] {
  const of = (value: unknown): string[] =>
    (isRecord(value) ? ((value.GlobalSecondaryIndexes ?? []) as { IndexName: string }[]) : []).map(
      ({ IndexName }) => IndexName,
    );
  const [one, other] = [new Set(of(before)), new Set(of(after))];
  const changed = [...one, ...other].filter((name) => one.has(name) !== other.has(name)).length;
  return changed > 1 ? [`${table} changes ${changed} indexes at once`] : [];
}
