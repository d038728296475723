/** Who reads a variable or a secret, and how a new value comes to what runs. */
import { all, body } from '../../api.ts';
import { Failure } from '../../failure.ts';
import { note } from '../../output.ts';
import type { Session } from '../../session.ts';

/** @throws Failure where no program could have a variable of that name */
export function nameOfVariable(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) return name;
  throw new Failure(
    `"${name}" is no name of a variable: letters, digits and _ alone, up to 128, and no digit first.`,
    `Such as: ${/^[\w-]+$/.test(name) ? `_${name}`.replace(/^_(?=[A-Za-z])/, '').replaceAll('-', '_') : 'LOG_LEVEL'}`,
  );
}

/** The services that are deployed in the environment and read a variable or secret, by its name. */
export async function readersOf({ api, environment }: Session): Promise<ReadonlyMap<string, string[]>> {
  const path = environment();
  const query = { readers: 'true' } as const;
  const [variables, secrets] = await Promise.all([
    body(api.GET('/v1/projects/{project}/environments/{environment}/variables', { params: { path, query } })),
    all((page) =>
      api.GET('/v1/projects/{project}/environments/{environment}/secrets', {
        params: { path, query: { ...page, ...query } },
      }),
    ),
  ]);
  return new Map([...variables.items, ...secrets].map(({ name, readBy = [] }) => [name, readBy]));
}

/** The services that read one of these; of any without names. */
export const servicesOf = (readers: ReadonlyMap<string, string[]>, names = [...readers.keys()]): string[] =>
  [...new Set(names.flatMap((name) => readers.get(name) ?? []))].sort();

/** The command that brings what is set to those that run. */
export function takeUp({ link }: Session, services: readonly string[]): string {
  const [only] = services;
  if (services.length === 1 && only === link.service) return 'Take it up: berth restart';
  return `Take it up: ${services.map((service) => `berth restart --service ${service}`).join(' && ')}`;
}

/** Says which services read what was set, and what to do so that they have it; and of what nothing reads, why. */
export async function tellReaders(session: Session, names: readonly string[]): Promise<void> {
  const found = await readersOf(session);
  const reading = names.filter((name) => found.get(name)?.length);
  const services = servicesOf(found, reading);
  if (services.length > 0 && !session.json) {
    const what = reading.length === names.length ? 'it' : reading.join(', ');
    note(
      `${services.join(', ')} ${services.length === 1 ? 'reads' : 'read'} ${what}, and what runs keeps what it was started with. ${takeUp(session, services)}`,
    );
  }
  const unread = names.filter((name) => found.get(name)?.length === 0);
  if (unread.length > 0) note(await whyUnread(session, unread));
}

async function whyUnread({ api, environment }: Session, names: readonly string[]): Promise<string> {
  const path = environment();
  const { services } = await body(
    api.GET('/v1/projects/{project}/environments/{environment}/inventory', { params: { path } }),
  );
  const [first = ''] = names;
  if (names.every((name) => name === 'PORT'))
    return 'Berth itself says in PORT where a program has to listen: a value of yours is not passed on. The port of a program that listens elsewhere is the targetPort of a score.yaml.';
  if (services.length === 0)
    return `Nothing is deployed to ${path.environment} yet. What has no score.yaml gets all variables and secrets once it is: berth up`;
  return `Nothing that is deployed to ${path.environment} reads ${names.join(', ')}. What has no score.yaml gets all once it is built anew: berth up. A score.yaml takes all by the annotation "berth.dev/variables: all", or names one: "env: {type: environment}" under resources and ${first}: \${resources.env.${first}} under the variables of its container.`;
}
