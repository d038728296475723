/** Variables and secrets of a service of Copilot, in all environments and in single ones. */
import { maySecret } from '../../diff/sensitive.ts';
import { withAddresses } from '../addresses-of-services.ts';
import { isVariable, literal, nameFor } from '../draft.ts';
import { at, isMap, mapOf, textAt, textOf } from '../loose.ts';
import { readNames } from '../manifest-text.ts';
import { pathFrom } from '../source-path.ts';
import type { CopilotApp, CopilotService } from './copilot.ts';

export function readSettings(
  app: CopilotApp,
  each: CopilotService,
  find: (host: string) => string | undefined,
): void {
  const { draft } = app;
  const { manifest, service, container } = each;
  const there = Object.entries(mapOf(manifest.environments));
  const all = mapOf(manifest.variables);
  const names = new Set([
    ...Object.keys(all),
    ...there.flatMap(([, other]) => Object.keys(mapOf(at(other, 'variables')))),
  ]);
  for (const name of names) {
    if (!isVariable(name)) continue;
    const others = there.flatMap(([environment, other]) => {
      const value = at(other, 'variables', name);
      return value === undefined ? [] : [[nameFor(environment), value] as const];
    });
    container.variables[name] = variable(app, each, name, at(all, name), others, find);
  }
  readEnvFile(app, each);
  for (const [name, source] of [
    ...Object.entries(mapOf(manifest.secrets)),
    ...there.flatMap(([, other]) => Object.entries(mapOf(at(other, 'secrets')))),
  ]) {
    if (isVariable(name)) container.variables[name] = draft.secret(service, name, whereOf(source));
  }
}

/** Where a secret is in AWS, in words. */
function whereOf(source: unknown): string {
  const entry = textAt(source, 'secretsmanager');
  if (entry !== undefined) return `secret ${entry.slice(0, 200)} of Secrets Manager`;
  const path = textOf(source);
  if (path !== undefined) return `parameter ${path.slice(0, 200)} of Parameter Store`;
  return isMap(source) ? 'an import of CloudFormation' : 'a secret of Copilot';
}

const OWN = /\$\{COPILOT_(ENVIRONMENT|APPLICATION|SERVICE)_NAME\}/g;

function variable(
  { draft, environments, application }: CopilotApp,
  { service, key }: CopilotService,
  name: string,
  base: unknown,
  others: readonly (readonly [string, unknown])[],
  find: (host: string) => string | undefined,
): string {
  const texts = [base, ...others.map(([, value]) => value)].filter((value) => value !== undefined);
  // An import of CloudFormation has a value that is known there alone.
  if (texts.some((value) => textOf(value) === undefined))
    return draft.secret(service, name, 'an import of CloudFormation');
  const expand = (value: unknown, environment: string | undefined): string | undefined => {
    let known = true;
    const text = (textOf(value) ?? '').replaceAll(OWN, (_whole, noun: string) => {
      const own = noun === 'ENVIRONMENT' ? environment : noun === 'APPLICATION' ? application : key;
      known &&= own !== undefined;
      return own ?? '';
    });
    return known ? text : undefined;
  };
  const text = textOf(base) ?? '';
  const dependsOnPlace = text.includes('${COPILOT_ENVIRONMENT_NAME}');
  if (others.length === 0 && !dependsOnPlace) {
    const value = expand(base, undefined);
    if (value === undefined)
      return draft.secret(service, name, 'a value with the name of the application in it');
    if (maySecret(name, value)) return draft.secret(service, name, `a value in copilot/${key}/manifest.yml`);
    return value.includes('${') ? literal(value) : withAddresses(draft, service, name, value, find);
  }
  // Discovery has the name of the environment in it, and leads to a service all the same.
  const address = withAddresses(draft, service, name, expand(base, 'env') ?? text, find);
  if (others.length === 0 && address.includes('${resources.')) return address;
  const values = new Map<string, string>();
  for (const environment of dependsOnPlace ? environments : []) {
    const value = expand(base, environment);
    if (value !== undefined) values.set(environment, value);
  }
  const everywhere = dependsOnPlace ? undefined : expand(base, undefined);
  if (everywhere !== undefined && base !== undefined) values.set('', everywhere);
  for (const [environment, value] of others)
    values.set(environment, expand(value, environment) ?? textOf(value) ?? '');
  return values.size === 0
    ? draft.secret(service, name, 'a value with the name of the environment in it')
    : draft.variable(service, name, values);
}

function readEnvFile(
  { draft, files }: CopilotApp,
  { manifest, service, container, key }: CopilotService,
): void {
  const path = textOf(manifest.env_file);
  if (path === undefined) return;
  const place = pathFrom('', path);
  const text = place === undefined ? undefined : files.get(place);
  if (text === undefined) {
    draft.say(
      'edit',
      service.name,
      `env_file: ${path.slice(0, 200)}, which was not there`,
      `Name each variable that ${key} reads in its Score file.`,
    );
    return;
  }
  for (const name of readNames(path, text)) {
    if (!Object.hasOwn(container.variables, name))
      container.variables[name] = draft.secret(service, name, `a value in ${path.slice(0, 200)}`);
  }
}
