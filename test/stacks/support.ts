import type { Resource, Template } from '../../stacks/synthesize.ts';

export interface Found extends Resource {
  /** `stack/logical id`. */
  where: string;
  properties: any;
}

/** All resources of some types, of all stacks. */
export const resourcesOf = (templates: Record<string, Template>, ...types: string[]): Found[] =>
  Object.entries(templates).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources)
      .filter(([, { Type }]) => types.length === 0 || types.includes(Type))
      .map(([id, resource]) => ({
        ...resource,
        where: `${stack}/${id}`,
        properties: resource.Properties ?? {},
      })),
  );

export interface Statement {
  where: string;
  Effect: 'Allow' | 'Deny';
  Action: string[];
  Resource: unknown[];
  Condition?: Record<string, Record<string, unknown>>;
}

const list = <T>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** Every statement that gives a role something: of managed and inline policies. */
export const grantsOf = (templates: Record<string, Template>): Statement[] =>
  resourcesOf(templates, 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy', 'AWS::IAM::Role').flatMap((found) => {
    const documents = [
      found.properties.PolicyDocument,
      ...list(found.properties.Policies).map((p: any) => p.PolicyDocument),
    ];
    return documents
      .filter((document) => document !== undefined)
      .flatMap((document) => list(document.Statement))
      .map((statement: any) => ({
        ...statement,
        where: found.where,
        Action: list(statement.Action),
        Resource: list(statement.Resource),
      }));
  });

/** What is applied in the cluster, as JSON; a reference is its own name. */
export function objectsText({ properties }: Pick<Found, 'properties'>): string {
  const [, parts] = properties.Objects['Fn::Join'] as [string, unknown[]];
  return parts.map((part) => (typeof part === 'string' ? part : Object.keys(part as object).join())).join('');
}
