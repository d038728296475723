/** The names that occur in paths, each with the one form that is accepted. */

import { MEMBER_PATTERN } from '../../core/authorization/principal.ts';
import { DOMAIN_PATTERN } from '../../core/domains/domain-name.ts';
import { NAME_PATTERN } from '../../core/names.ts';
import { problemCodes } from '../../core/problem.ts';
import { invalidRequest } from './problems.ts';

export interface ParamForm {
  pattern: RegExp;
  /** What it names. */
  summary: string;
  /** The form it must have, as "must be ...". */
  rule: string;
  example: string;
}

const NAME_RULE = 'must be 1 to 40 of a-z, 0-9 and "-", starting and ending with a letter or digit';

export const ULID_PATTERN = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
/** A version's id, or a tag as OCI has them. */
export const VERSION_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
export const SECRET_NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
export const SECRET_NAME_RULE = 'must be 1 to 128 of letters, digits and "_", not starting with a digit';

const name = (what: string, example: string): ParamForm => ({
  pattern: NAME_PATTERN,
  summary: `Name of the ${what}.`,
  rule: NAME_RULE,
  example,
});

const id = (summary: string, whose: string): ParamForm => ({
  pattern: ULID_PATTERN,
  summary,
  rule: `must be an id of 26 characters, as given in ${whose} "id"`,
  example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB',
});

export const paramForms: Readonly<Record<string, ParamForm>> = {
  project: name('project', 'demo'),
  principal: {
    pattern: MEMBER_PATTERN,
    summary: 'Id of a person or a group.',
    rule: 'must be "user:", "group:" or "email:" and a name, with characters other than A-Z, a-z, 0-9 and "._~@+,$!-" as "=" and two hex digits',
    example: 'user:ada',
  },
  upload: {
    pattern: /^[0-9a-f]{32}$/,
    summary: 'Id of the upload.',
    rule: 'must be an id as POST .../uploads gives it',
    example: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  },
  trust: id('Id of the trust rule.', "a rule's"),
  webhook: id('Id of the webhook.', "a webhook's"),
  drain: id('Id of the log drain.', "a drain's"),
  connection: id('Id of the connection, in the address of its hook.', "a connection's"),
  delivery: {
    pattern: /^[1-9][0-9]{0,9}$/,
    summary: 'Number of the delivery.',
    rule: 'must be a whole number from 1 on',
    example: '12',
  },
  pullRequest: {
    pattern: /^[1-9][0-9]{0,9}$/,
    summary: 'Number of the pull request.',
    rule: 'must be a whole number from 1 on',
    example: '123',
  },
  alert: id('Id of the alert.', "an alert's"),
  silence: id('Id of the silence.', "a silence's"),
  promotion: id('Id of the promotion.', "a promotion's"),
  token: id('Id of the token; not the token itself, which belongs into no URL.', "a token's"),
  secretVersion: {
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
    summary: 'Version of the secret.',
    rule: 'must be a version that the secret lists',
    example: '01KAV6M2J8Y0T5W3Q9R7C4X1ZB',
  },
  registry: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[0-9]{1,5})?$/,
    summary: 'Host of the registry, with its port if it has one.',
    rule: 'must be the host of a registry, such as ghcr.io or registry.example.com:5000',
    example: 'ghcr.io',
  },
  policy: name('policy', 'main-only'),
  place: name('place', 'emea'),
  recipe: name('recipe', 'shop-database'),
  service: name('service', 'guestbook'),
  environment: name('environment', 'dev'),
  job: name('job', 'nightly'),
  resource: {
    pattern: /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,149}(?::[a-zA-Z0-9][a-zA-Z0-9._-]{0,149})?$/,
    summary: 'The uid of the resource, with `:` for its `#`, which no path can hold.',
    rule: 'must be a uid as the list of resources has it, with ":" for "#"',
    example: 'postgres.default:guestbook.db',
  },
  backup: id('Id of the backup.', "a backup's"),
  domain: {
    pattern: DOMAIN_PATTERN,
    summary: 'The domain, in lower case and ASCII.',
    rule: 'must be a host name in lower case and ASCII, as the list of domains has it',
    example: 'www.example.com',
  },
  operation: id('Id of the operation.', "an operation's"),
  trace: {
    pattern: /^(?!0{32})[0-9a-f]{32}$/,
    summary: 'Id of the trace.',
    rule: 'must be 32 hexadecimal digits in lower case, not all of them 0',
    example: '4bf92f3577b34da6a3ce929d0e0e4736',
  },
  session: id('Id of the session.', "a session's"),
  number: {
    pattern: /^[1-9][0-9]{0,8}$/,
    summary: 'Number of the deployment.',
    rule: 'must be a whole number from 1 on',
    example: '3',
  },
  version: {
    pattern: VERSION_PATTERN,
    summary: "The version's id, or a tag that only one version carries.",
    rule: 'must be 1 to 128 of letters, digits, "_", "." and "-"',
    example: '3f2a9c01b7de',
  },
  secret: {
    pattern: SECRET_NAME_PATTERN,
    summary: 'Name of the secret.',
    rule: SECRET_NAME_RULE,
    example: 'API_KEY',
  },
  variable: {
    pattern: SECRET_NAME_PATTERN,
    summary: 'Name of the variable.',
    rule: SECRET_NAME_RULE,
    example: 'LOG_LEVEL',
  },
  code: {
    pattern: new RegExp(`^(?:${Object.keys(problemCodes).join('|')})$`),
    summary: 'Code of the problem.',
    rule: 'must be the code of a problem',
    example: 'not_found',
  },
};

/** The names between braces in a path, in order. */
export const pathNames = (path: string): string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);

/** @throws Problem invalid_request */
export function checkParams(names: readonly string[], values: Record<string, string>): void {
  const errors = names
    .filter((name) => !paramForms[name]?.pattern.test(values[name] ?? ''))
    .map((name) => ({ path: `path.${name}`, message: paramForms[name]?.rule ?? 'is not known' }));
  if (errors.length > 0) throw invalidRequest(errors);
}
