/** What there is before the clients begin: two tenants with their people, services, versions and environments. */
import type { Role } from '../../functions/core/authorization/roles.ts';
import type { Client } from './clients.ts';
import { CONNECTION, type SimulatedGitHost } from './ports/git-host.ts';

interface Project {
  name: string;
  services: readonly string[];
}

export const PROJECTS: readonly Project[] = [
  { name: 'shop', services: ['web', 'worker'] },
  { name: 'mill', services: ['web'] },
];
export const ENVIRONMENTS = ['dev', 'prod'];

/** `tried` is one that takes over step by step. */
export const IMAGES = ['good', 'also-good', 'crashing', 'slow', 'tried'].map((name) => ({
  name,
  digest: `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0')}`,
}));

/** What a policy of the first project allows at the most. */
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
 * a release command
 */
export const workloadOf = (service: string, image = 'good') => ({
  apiVersion: 'score.dev/v1b1',
  metadata: {
    name: service,
    annotations: {
      'berth.dev/drain-seconds': '10',
      ...(service === 'worker' && { 'berth.dev/release-command': 'node migrate.js' }),
      ...(image === 'tried' && {
        'berth.dev/strategy': 'canary',
        'berth.dev/steps': '20% 10s, 50% 10s',
        'berth.dev/bake-seconds': '10',
      }),
    },
  },
  ...(image === 'tried' && { service: { ports: { www: { port: 80, targetPort: 8080 } } } }),
  containers: {
    main: {
      image: '.',
      variables: {
        DATABASE: '${resources.db.url}',
        ...(service === 'web' && { API_KEY: '${resources.env.API_KEY}' }),
      },
      ...(service === 'web' && {
        files: { '/app/token': { content: 'the token is ${resources.env.TOKEN}' } },
      }),
    },
  },
  resources: { db: { type: 'postgres' }, env: { type: 'environment' } },
});

export const projectPath = (project: string): string => `/v1/projects/${project}`;

/**
 * @param ada runs the installation
 * @param deployed whether something is deployed everywhere, and a service connected to its repository
 */
export async function setUp(ada: Client, deployed: boolean, git: SimulatedGitHost): Promise<void> {
  const ask = (method: string, path: string, body: unknown) => ada.ask(method, path, body, { patient: true });
  for (const { name: project, services } of PROJECTS) {
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
    await ask('POST', `${path}/environments`, { name: 'prod' });
    await ask('POST', `${path}/webhooks`, { url: hookOf(project), types: ['deployment'] });
    for (const environment of ENVIRONMENTS)
      for (const secret of ['API_KEY', 'TOKEN'])
        await ask('PUT', `${path}/environments/${environment}/secrets/${secret}`, {
          value: `first-${secret}-of-${project}-${environment}`,
        });
  }
  const shop = projectPath('shop');
  await ask('PUT', `${shop}/policies/replicas`, {
    rule: { kind: 'ceiling', replicas: MOST_REPLICAS },
    rollbacks: true,
  });
  await ask('PUT', `${shop}/environments/prod/protection`, { approval: true });
  await ask('PATCH', `${shop}/environments/prod`, { ttl: '1m', idleAfter: '3m' });
  if (!deployed) return;
  for (const { name, services } of PROJECTS)
    for (const service of services)
      for (const environment of ENVIRONMENTS)
        await ask(
          'POST',
          `${projectPath(name)}/environments/${environment}/services/${service}/deployments`,
          {
            version: 'good',
          },
        );
  const connected = await ask('PUT', '/v1/projects/mill/services/web/connection', CONNECTION);
  const { id, secret } = connected?.body ?? {};
  git.connect({ id: String(id), secret: String(secret) });
}

export const hookOf = (project: string): string => `https://hooks.example.com/${project}`;
