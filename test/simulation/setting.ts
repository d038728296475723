/** What there is before the clients begin: two tenants with their people, services, versions and environments. */
import type { Role } from '../../functions/core/authorization/roles.ts';
import type { Client } from './clients.ts';
import { CONNECTION, type SimulatedGitHost } from './ports/git-host.ts';
import type { SimulatedKeeper } from './ports/keeper.ts';
import { LINES } from './ports/receivers.ts';

interface Project {
  name: string;
  services: readonly string[];
}

const SHOP: Project = { name: 'shop', services: ['web', 'worker'] };
const MILL: Project = { name: 'mill', services: ['web'] };
export const PROJECTS: readonly Project[] = [SHOP, MILL];
export const ENVIRONMENTS = ['dev', 'prod'];

/** The clusters that there are beside the installation's own. The first is a place from the beginning to the end. */
export const CLUSTERS = ['emea', 'lab'];
export const placeIn = (cluster: string) => ({
  name: cluster,
  access: { kind: 'kubeconfig', context: cluster },
  domain: `${cluster}.example.com`,
  scheme: 'https',
  databases: true,
});

/** Where a token of the first project is kept that is not Berth's. */
export const ENTRY = 'secret/shop/token';
export const SOURCE = { from: 'vault', entry: ENTRY, key: 'token' };

/** Versions of two months ago, more than are kept for their number; the first two have the image of another version. */
export const OLD_VERSIONS = Array.from({ length: 13 }, (_, at) => `old-${at + 1}`);

/** The digest of the image of a version by its name. */
export function digestNamed(name: string): string {
  const of = name === OLD_VERSIONS[0] ? 'also-good' : name === OLD_VERSIONS[1] ? 'good' : name;
  return `sha256:${Buffer.from(of).toString('hex').padEnd(64, '0')}`;
}

/** A resource type that the platform team adds. */
export const RECIPE = 'shop-database';
export const RECIPE_PATH = `/v1/recipes/${RECIPE}`;

/**
 * A version of it.
 * @param mark tells what was made by it from what another version made
 * @param main its own name for the database; another name makes another database
 * @param with what it has besides
 */
export const recipeOf = (mark: string, main = 'main', { more, ...rest }: RecipeParts = {}) => ({
  type: RECIPE,
  description: 'A database as the services have it',
  ...rest,
  resources: { [main]: { type: 'postgres' }, ...(more && { more: { type: 'postgres' } }) },
  outputs: { url: `\${resources.${main}.url}`, mark },
});

interface RecipeParts {
  /** A second database. */
  more?: boolean;
  /** No workload gives any, so that one without a default has them refused. */
  params?: Record<string, unknown>;
}

/**
 * `tried` is one that takes over step by step, `helped` has a process beside its web, and `made` has its database by a
 * recipe.
 */
export const IMAGES = ['good', 'also-good', 'crashing', 'slow', 'tried', 'helped', 'made'].map((name) => ({
  name,
  digest: digestNamed(name),
}));
export const KNOWN_DIGESTS = [
  ...new Set([...IMAGES.map(({ name }) => name), ...OLD_VERSIONS].map(digestNamed)),
];

/** The process of `helped`, with its replicas. */
export const HELPER = 'helper';
const HELPERS = 2;

/** What a policy of the first project allows at the most, of all processes together. */
export const MOST_REPLICAS = 4;

export interface Person {
  name: string;
  /** Runs the installation. */
  runsAll?: true;
  /** By the project. Whoever is in none of a project must not see it. */
  roles: Readonly<Record<string, Role>>;
}

export const PEOPLE: readonly Person[] = [
  { name: 'ada', runsAll: true, roles: { shop: 'administrator', mill: 'administrator' } },
  { name: 'bob', roles: { shop: 'maintainer' } },
  { name: 'cyd', roles: { shop: 'developer', mill: 'viewer' } },
  { name: 'dan', roles: { mill: 'administrator' } },
];

export const idOf = ({ name }: Pick<Person, 'name'>): string => `user:${name}`;

/**
 * @param service each has a database; `web` reads a secret in a variable and another one in a file, and `worker` runs
 * a release command and takes all variables and secrets
 */
export const workloadOf = (service: string, image = 'good') => ({
  apiVersion: 'score.dev/v1b1' as const,
  metadata: {
    name: service,
    annotations: {
      // With the same image they are other versions.
      'berth.dev/drain-seconds': OLD_VERSIONS.includes(image) ? '9' : '10',
      ...(service === 'worker' && {
        'berth.dev/release-command': 'node migrate.js',
        'berth.dev/variables': 'all',
      }),
      ...(image === 'tried' && {
        'berth.dev/strategy': 'canary',
        'berth.dev/steps': '20% 10s, 50% 10s',
        'berth.dev/bake-seconds': '10',
      }),
      ...(image === 'helped' && { 'berth.dev/processes': `${HELPER}=${HELPERS}` }),
    },
  },
  ...(image === 'tried' && { service: { ports: { www: { port: 80, targetPort: 8080 } } } }),
  containers: {
    main: {
      image: '.',
      variables: {
        DATABASE: '${resources.db.url}',
        ...(image === 'made' && { MARK: '${resources.db.mark}' }),
        ...(service === 'web' && { API_KEY: '${resources.env.API_KEY}' }),
      },
      ...(service === 'web' && {
        files: { '/app/token': { content: 'the token is ${resources.env.TOKEN}' } },
      }),
    },
    ...(image === 'helped' && {
      [HELPER]: { image: '.', variables: { DATABASE: '${resources.db.url}' } },
    }),
  },
  resources: { db: { type: image === 'made' ? RECIPE : 'postgres' }, env: { type: 'environment' } },
});

/** The environment of each project that has expired. */
export const EXPIRED = 'left';

export const projectPath = (project: string): string => `/v1/projects/${project}`;

export type Ask = (method: string, path: string, body?: unknown) => ReturnType<Client['ask']>;

/** @param ada runs the installation */
export const asking =
  (ada: Client): Ask =>
  (method, path, body) =>
    ada.ask(method, path, body, { patient: true });

/** A project with its people, services, versions, environments and pipeline. */
async function setUpProject(ask: Ask, { name: project, services }: Project): Promise<void> {
  const path = projectPath(project);
  await ask('POST', '/v1/projects', { name: project });
  for (const { name, roles } of PEOPLE)
    if (roles[project] && name !== 'ada')
      await ask('PUT', `${path}/members/${idOf({ name })}`, { role: roles[project] });
  for (const service of services) {
    await ask('POST', `${path}/services`, { name: service });
    for (const { name, digest } of IMAGES)
      await ask('POST', `${path}/services/${service}/versions`, {
        image: digest,
        workload: workloadOf(service, name),
        tags: [name],
      });
  }
  await ask('POST', `${path}/environments`, { name: 'dev', idleAfter: '30m' });
  await ask('POST', `${path}/environments`, {
    name: 'prod',
    // Of the second project it is in a cluster that can be away, and goes to sleep there.
    ...(project === 'mill' && { placement: 'emea', idleAfter: '5m' }),
  });
  // It bakes in the first before it goes on to the last.
  await ask('PUT', `${path}/pipeline`, {
    stages: [
      { name: 'first', environments: ['dev'], bake: '20s' },
      { name: 'last', environments: ['prod'], bake: '10s' },
    ],
  });
  await ask('POST', `${path}/webhooks`, { url: hookOf(project), types: ['deployment'] });
  for (const environment of ENVIRONMENTS)
    for (const secret of ['API_KEY', 'TOKEN'])
      await ask('PUT', `${path}/environments/${environment}/secrets/${secret}`, {
        value: `first-${secret}-of-${project}-${environment}`,
      });
}

/** The second project alone, with nothing deployed: for what is looked at one change at a time. */
export async function setUpOne(ask: Ask): Promise<void> {
  await ask('POST', '/v1/places', placeIn('emea'));
  await ask('PUT', RECIPE_PATH, recipeOf('mark-first'));
  await setUpProject(ask, MILL);
}

/**
 * Both projects, with something deployed everywhere, and a service connected to its repository.
 * @param drains whether output can be sent on
 */
export async function setUpAll(
  ask: Ask,
  { git, keeper, drains }: { git: SimulatedGitHost; keeper: SimulatedKeeper; drains: boolean },
): Promise<void> {
  await ask('POST', '/v1/places', placeIn('emea'));
  await ask('PUT', RECIPE_PATH, recipeOf('mark-first'));
  keeper.put(ENTRY, { token: 'value-0-0' });
  await ask('PUT', '/v1/secret-sources', {
    items: [{ project: 'shop', from: 'vault', prefix: 'secret/shop/' }],
  });
  for (const project of PROJECTS) {
    await setUpProject(ask, project);
    await ask('POST', `${projectPath(project.name)}/environments`, {
      name: EXPIRED,
      kind: 'ephemeral',
      ttl: '1h',
    });
  }
  const shop = projectPath('shop');
  await ask('PUT', `${shop}/policies/replicas`, {
    rule: { kind: 'ceiling', replicas: MOST_REPLICAS },
    rollbacks: true,
  });
  await ask('PUT', `${shop}/environments/prod/protection`, { approval: true });
  await ask('PATCH', `${shop}/environments/prod`, { ttl: '1m', idleAfter: '3m' });
  for (const { name, services } of PROJECTS)
    for (const service of services)
      for (const environment of ENVIRONMENTS)
        await ask(
          'POST',
          `${projectPath(name)}/environments/${environment}/services/${service}/deployments`,
          { version: service === 'worker' && environment === 'dev' ? 'made' : 'good' },
        );
  if (drains)
    await ask('POST', `${shop}/drains`, { url: `${LINES}of-shop`, format: 'ndjson', operations: true });
  await connect(ask, git);
}

/** Connects the service of the second project to its repository. A preview begins with the data of its base, masked. */
export async function connect(ask: Ask, git: SimulatedGitHost): Promise<void> {
  await ask('PUT', '/v1/projects/mill/masking', {
    rules: [{ resource: 'postgres.default#web.db', sql: "UPDATE users SET name = '';" }],
  });
  const { id, secret } =
    (await ask('PUT', '/v1/projects/mill/services/web/connection', CONNECTION))?.body ?? {};
  git.connect({ id: String(id), secret: String(secret) });
}

export const hookOf = (project: string): string => `https://hooks.example.com/${project}`;
