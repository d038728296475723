/** Fills the first start: a project with an environment and the guestbook, deployed twice. */
import { join } from 'node:path';
import type { LocalConfig } from '../config/config.ts';
import type { LocalLog } from '../terminal-log.ts';
import { createClient, type DemoClient } from './demo-client.ts';
import { packDirectory } from './demo-source.ts';

const GUESTBOOK = join(import.meta.dirname, '../../../../examples/guestbook');

/** Sets the demo up unless a project `demo` exists already, then says what to try. */
export async function runDemo(
  berth: { url: string; token: string },
  config: LocalConfig,
  log: LocalLog,
): Promise<void> {
  const client = createClient(berth);
  if (!(await client.exists('/v1/projects/demo'))) {
    log.info('Setting up the demo: project demo, environment dev, service guestbook ...');
    await setUp(client, log);
  }
  const { port } = new URL(berth.url);
  log.hint(`
  The guestbook       http://guestbook.dev.demo.localhost:${port}/
  Its deployments     ${berth.url}/v1/projects/demo/environments/dev/services/guestbook/deployments

  Try next, in a folder with a program of yours; it asks you to sign in, in the browser:
    npx ${berth.url}/cli up

  And with the guestbook, where the token of the administrator spares the browser:
    export BERTH_TOKEN=$(cat ${log.path(join(config.dataDirectory, 'admin-token'))})
    npx ${berth.url}/cli ps --project demo
    npx ${berth.url}/cli rollback --project demo --env dev --service guestbook
    npx ${berth.url}/cli logs -f --project demo --env dev --service guestbook
    ${port === '4600' ? '' : `BERTH_PORT=${port} `}npm run demo:canary   # a version that goes bad, and comes back by itself
`);
}

async function setUp(client: DemoClient, log: LocalLog): Promise<void> {
  await client.post('/v1/projects', { name: 'demo', displayName: 'Demo' });
  // Members are the people of the built-in provider, by their groups.
  for (const role of ['maintainer', 'developer', 'viewer'])
    await client.put(`/v1/projects/demo/members/group:demo-${role}s`, { role });
  const environment = client.operation('/v1/projects/demo/environments', { name: 'dev' });
  await client.post('/v1/projects/demo/services', { name: 'guestbook' });
  const service = '/v1/projects/demo/environments/dev/services/guestbook';
  await environment;
  for (const release of ['1.0.0', '2.0.0']) {
    const archive = await packDirectory(GUESTBOOK, (name, text) =>
      name === 'package.json' || name === 'package-lock.json' ? withVersion(text, release) : text,
    );
    const built = await client.upload(`/v1/projects/demo/services/guestbook/builds?tag=${release}`, archive);
    await client.operation(`${service}/deployments`, { version: String(built.version) });
    log.info(`guestbook ${release} is deployed`);
  }
}

/** The same program with another version number, as a release has. */
function withVersion(text: string, version: string): string {
  const json = JSON.parse(text) as { version: string; packages?: Record<string, { version?: string }> };
  json.version = version;
  if (json.packages?.['']) json.packages[''].version = version;
  return `${JSON.stringify(json, null, 2)}\n`;
}
