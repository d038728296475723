/** What is there before the first request, so that generated requests meet more than "no such project". */

import type { ApiClient, Json } from '../../support/client.ts';
import { helloFiles, sourceArchive } from '../../support/files/archive.ts';

/** Values by the place they go to: `path.project`, `body.version`. */
export type Known = Record<string, readonly (string | number)[]>;

/** The project, environment and service that are deleted and made anew all the time; the others stay. */
export const PASSING = 'passing';

const PROJECT = '/v1/projects/harbour';
const DEV = `${PROJECT}/environments/dev`;
const SCORE = `apiVersion: score.dev/v1b1
metadata: { name: web }
service: { ports: { www: { port: 80, targetPort: 8080 } } }
containers:
  web: { image: ., variables: { KEY: "\${resources.env.API_KEY}", LEVEL: "\${resources.env.LOG_LEVEL}" } }
resources:
  env: { type: environment }
`;

/** A project with all that a project can have, some of it broken. @returns the names and ids of it */
export async function seed({ api, operation }: ApiClient, receiver: string): Promise<Known> {
  const made = async (method: string, path: string, body?: unknown): Promise<Json> => {
    const answer = await api(method, path, body);
    if (answer.status >= 400)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const build = async (tag: string, files: Record<string, string>): Promise<Json> =>
    operation('POST', `${PROJECT}/services/web/builds?tag=${tag}`, await sourceArchive(files));

  await made('POST', '/v1/projects', { name: 'harbour' });
  for (const name of ['dev', 'production', PASSING])
    await operation('POST', `${PROJECT}/environments`, { name });
  for (const name of ['web', 'worker', PASSING]) await made('POST', `${PROJECT}/services`, { name });
  await made('PUT', `${DEV}/secrets/API_KEY`, { value: 'correct horse battery staple' });
  await made('PUT', `${DEV}/variables`, { variables: { LOG_LEVEL: 'debug' } });
  await made('PUT', `${PROJECT}/members/user:grace`, { role: 'developer' });
  const webhook = await made('POST', `${PROJECT}/webhooks`, { url: receiver });
  const drain = await made('POST', `${PROJECT}/drains`, { url: receiver, format: 'ndjson' });
  const token = await made('POST', `${PROJECT}/tokens`, { name: 'ci', role: 'developer' });
  const trust = await made('POST', `${PROJECT}/trusts`, {
    issuer: 'https://token.actions.githubusercontent.com',
    audience: 'berth',
    subjects: ['repo:octo/harbour:ref:refs/heads/main'],
    role: 'developer',
  });

  const good = await build('good', { ...helloFiles, 'score.yaml': SCORE });
  const other = await build('other', helloFiles);
  const failed = await build('unmade', { 'package.json': '{' });
  const deploy = (environment: string, version: string) =>
    operation('POST', `${PROJECT}/environments/${environment}/services/web/deployments`, { version });
  const operations = [good, other, failed, await deploy('dev', 'good'), await deploy('dev', 'other')];
  await made('PUT', `${PROJECT}/environments/production/protection`, { approval: true });
  const waiting = await made('POST', `${PROJECT}/environments/production/services/web/deployments`, {
    version: 'other',
  });
  const secret = await made('GET', `${DEV}/secrets/API_KEY`);

  const environments = ['dev', 'production', PASSING];
  const versions = [good.result.version, other.result.version, 'good', 'other', 'unmade'];
  return {
    'path.project': ['harbour'],
    'path.environment': environments,
    'path.service': ['web', 'worker', PASSING],
    'path.version': versions,
    'path.number': ['1', '2', '3'],
    'path.secret': ['API_KEY', 'LOG_LEVEL'],
    'path.variable': ['API_KEY', 'LOG_LEVEL'],
    'path.secretVersion': [secret.version],
    'path.principal': ['user:grace', 'group:crew', 'email:ada@example.com'],
    'path.policy': ['main-only'],
    'path.operation': [...operations.map(({ id }) => id), waiting.id].filter(Boolean),
    'path.webhook': [webhook.id],
    'path.drain': [drain.id],
    'path.trust': [trust.id],
    'path.token': [token.id],
    'query.version': versions,
    'query.from': ['1', '2'],
    'body.name': ['harbour', PASSING, 'dev', 'web'],
    'body.version': versions,
    'body.tag': ['good', 'again'],
    'body.url': [receiver],
  };
}
