/**
 * What Berth reads of GitHub's messages is in the schemas that GitHub's maintainers publish for them. GitLab and Gitea
 * publish none on npm: what is read of theirs is from their documentation.
 */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
  enum?: unknown[];
  const?: unknown;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const { definitions }: { definitions: Record<string, Schema> } = createRequire(import.meta.url)(
  '@octokit/webhooks-schemas',
);

/** A schema and all that it stands for. */
function parts(schema: Schema): Schema[] {
  const named = schema.$ref && definitions[decodeURIComponent(schema.$ref.replace('#/definitions/', ''))];
  const inner = [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [schema, ...(named ? parts(named) : []), ...inner.flatMap(parts)];
}

/** The types that the value at a path may have; `[]` stands for the members of a list. */
function typesAt(event: string, path: string): string[] {
  let found = parts(definitions[event] ?? {});
  for (const name of path.split('.'))
    found = found.flatMap((schema) => {
      const next = name === '[]' ? schema.items : schema.properties?.[name];
      return next ? parts(next) : [];
    });
  return found.flatMap(({ type = [], const: value }) => [
    ...(typeof type === 'string' ? [type] : type),
    ...(value === undefined ? [] : [typeof value]),
  ]);
}

const PUSH: [string, string][] = [
  ['ref', 'string'],
  ['before', 'string'],
  ['after', 'string'],
  ['forced', 'boolean'],
  ['repository.full_name', 'string'],
  ['repository.pushed_at', 'integer'],
  ['commits.[].added.[]', 'string'],
  ['commits.[].modified.[]', 'string'],
  ['commits.[].removed.[]', 'string'],
  ['head_commit.message', 'string'],
  ['head_commit.timestamp', 'string'],
  ['head_commit.author.name', 'string'],
];
const PULL_REQUEST: [string, string][] = [
  ['action', 'string'],
  ['number', 'integer'],
  ['repository.full_name', 'string'],
  ['pull_request.title', 'string'],
  ['pull_request.html_url', 'string'],
  ['pull_request.updated_at', 'string'],
  ['pull_request.user.login', 'string'],
  ['pull_request.head.sha', 'string'],
  ['pull_request.head.ref', 'string'],
  ['pull_request.head.repo.full_name', 'string'],
  ['pull_request.base.sha', 'string'],
  ['pull_request.base.ref', 'string'],
];

/** No package of the API's own description is among the dependencies: the names of what is sent are those of the events that it sets off. */
const DEPLOYMENT: [string, string][] = [
  ['deployment.id', 'integer'],
  ['deployment.ref', 'string'],
  ['deployment.task', 'string'],
  ['deployment.environment', 'string'],
  ['deployment.description', 'string'],
  ['deployment_status.state', 'string'],
  ['deployment_status.description', 'string'],
  ['deployment_status.environment', 'string'],
  ['deployment_status.log_url', 'string'],
  ['deployment.transient_environment', 'boolean'],
];

it.each(DEPLOYMENT)('A deployment that GitHub is told of has the member %s', (path, type) => {
  expect(typesAt('deployment_status$created', path)).toContain(type);
});

const INSTALLATION: [string, string][] = [
  ['action', 'string'],
  ['installation.account.login', 'string'],
  ['installation.updated_at', 'string'],
];

describe('What is read of a message of GitHub about its App has the type that its schema says', () => {
  it.each(
    ['created', 'deleted', 'suspend', 'unsuspend'].flatMap((action) =>
      INSTALLATION.map(([path, type]) => [action, path, type] as const),
    ),
  )('installation %s: %s', (action, path, type) => {
    expect(typesAt(`installation$${action}`, path)).toContain(type);
  });
  it.each(
    ['added', 'removed'].flatMap((action) =>
      [
        ...INSTALLATION,
        ['repositories_added.[].full_name', 'string'],
        ['repositories_removed.[].full_name', 'string'],
      ].map(([path = '', type]) => [action, path, type] as const),
    ),
  )('installation repositories %s: %s', (action, path, type) => {
    expect(typesAt(`installation_repositories$${action}`, path)).toContain(type);
  });
});

describe('What is read of a message of GitHub has the type that its schema says', () => {
  it.each(PUSH)('push: %s', (path, type) => {
    expect(typesAt('push$event', path)).toContain(type);
  });
  it.each(
    ['opened', 'synchronize', 'reopened', 'closed'].flatMap((action) =>
      PULL_REQUEST.map(([path, type]) => [action, path, type] as const),
    ),
  )('pull request %s: %s', (action, path, type) => {
    expect(typesAt(`pull_request$${action}`, path)).toContain(type);
  });
});
