/** How long a start takes until everything answers that ran before: 45 services of one environment, each a program. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sourceArchive } from '../test/support/files/archive.ts';
import { clientOf, median, workloadStatus } from './client.ts';
import { makeDirectory, removeDirectory, startProcess } from './server.ts';

type Add = (figure: string, value: number, unit: string, goal: string) => void;

const SERVICES = 45;
/** As many builds and deployments at once as one machine runs. */
const AT_ONCE = 3;

const program = (name: string): Record<string, string> => ({
  'package.json': JSON.stringify({ name, type: 'module', scripts: { start: 'node server.js' } }),
  'server.js': `import { createServer } from 'node:http';
createServer((_, response) => response.end('${name}')).listen(process.env.PORT);
`,
});

export async function restartFigures(add: Add): Promise<void> {
  const directory = await makeDirectory();
  let berth = await startProcess(directory);
  const client = await clientOf(berth);
  await client.post('/v1/projects', { name: 'many' });
  await client.operation('/v1/projects/many/environments', { name: 'dev' });
  const names = Array.from({ length: SERVICES }, (_, index) => `service-${index}`);
  const waiting = [...names];
  const deploy = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const service = `/v1/projects/many/services/${name}`;
      await client.post('/v1/projects/many/services', { name });
      const archive = new Uint8Array(await sourceArchive(program(name)));
      const { version } = await client.upload(`${service}/builds`, archive);
      await client.operation(`/v1/projects/many/environments/dev/services/${name}/deployments`, { version });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, deploy));
  await berth.stop();

  berth = await startProcess(directory);
  const { port, sinceSpawn } = berth;
  const answered = await Promise.all(
    names.map(async (name) => {
      while ((await workloadStatus(port, `${name}.dev.many.localhost`)) !== 200) await sleep(50);
      return sinceSpawn();
    }),
  );
  add(`restart -> ${SERVICES} services answer, median`, median(answered), 'ms', '');
  add(`P19 restart -> ${SERVICES} services answer, the last`, Math.max(...answered), 'ms', '<= 15,000 ms');
  await berth.stop();
  await removeDirectory(directory);
}
