/** `npm run bench`: prints figures beside their goals. It never fails, since these are figures and not tests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { idleFigures, requestFigures } from './aws.ts';
import { bundleFigures } from './bundle.ts';
import { clientOf, getJson, median, p99, workloadStatus } from './client.ts';
import { consoleFigures } from './console.ts';
import { deploymentFigures, instantRollbackFigures } from './deployments.ts';
import { load } from './load.ts';
import { previewFigures } from './previews.ts';
import { restartFigures } from './restart.ts';
import { SEEDED, seed } from './seed.ts';
import { makeDirectory, removeDirectory, startProcess } from './server.ts';

interface Figure {
  figure: string;
  value: string;
  goal: string;
}

const figures: Figure[] = [];
const add = (figure: string, value: number, unit: string, goal: string): void => {
  // Prices show the first digits that are not zero; times and counts have at most two decimals.
  const shown = unit === 'USD' && value < 0.1 ? value.toFixed(6) : value.toFixed(value < 10 ? 2 : 0);
  figures.push({ figure, value: `${shown} ${unit}`, goal });
  console.error(`${figure}: ${shown} ${unit}`);
};

async function starts(): Promise<void> {
  const directory = await makeDirectory();
  const times: number[] = [];
  for (let run = 0; run < 7; run++) {
    const berth = await startProcess(directory);
    times.push(berth.startMs);
    if (run === 6) add('resident memory, idle', await berth.residentMb(), 'MB', '<= 110 MB');
    await berth.stop();
  }
  add('spawn -> first 200 (median of 7)', median(times), 'ms', '<= 500 ms');
  await removeDirectory(directory);
}

async function demo(): Promise<void> {
  const directory = await makeDirectory();
  const berth = await startProcess(directory, { demo: true });
  while ((await workloadStatus(berth.port, 'guestbook.dev.demo.localhost')) !== 200) await sleep(20);
  add('first 200 -> live demo, first release', berth.sinceSpawn() - berth.startMs, 'ms', '');
  const deployments = '/v1/projects/demo/environments/dev/services/guestbook/deployments';
  const isDone = async (): Promise<boolean> => {
    const { items } = (await getJson(berth, deployments)) as { items: { number: number; status: string }[] };
    return items.some(({ number, status }) => number === 2 && status === 'succeeded');
  };
  while (!(await isDone())) await sleep(50);
  add('first 200 -> live demo, both releases', berth.sinceSpawn() - berth.startMs, 'ms', '<= 10,000 ms');
  add('resident memory after the demo', await berth.residentMb(), 'MB', '<= 110 MB');
  await deploymentFigures(berth, add);
  await instantRollbackFigures(berth, add);
  await berth.stop();
  await removeDirectory(directory);
}

async function requests(): Promise<void> {
  const directory = await makeDirectory();
  const berth = await startProcess(directory);
  const headers = { ...(await berth.headers()), 'content-type': 'application/json' };
  await (await clientOf(berth)).post('/v1/projects', { name: 'read' });
  const read = { method: 'GET', path: '/v1/projects/read', headers };
  await load(berth.url, { perSecond: 500, seconds: 3, next: () => read });
  const reads = await load(berth.url, { perSecond: 500, seconds: 10, next: () => read });
  add('read at 500 requests/s, p99', reads.p99, 'ms', '<= 5 ms');
  const writes = await load(berth.url, {
    perSecond: 500,
    seconds: 10,
    next: (index) => ({
      method: 'POST',
      path: '/v1/projects',
      headers,
      body: JSON.stringify({ name: `p${index}` }),
    }),
  });
  add('durable write at 500 requests/s, p99', writes.p99, 'ms', '<= 10 ms');
  add('failed of 10,000 requests', reads.failed + writes.failed, '', '0');
  add('resident memory after 11,500 requests', await berth.residentMb(), 'MB', '<= 110 MB');
  await berth.stop();
  await removeDirectory(directory);
}

async function environments(): Promise<void> {
  const directory = await makeDirectory();
  const berth = await startProcess(directory);
  const client = await clientOf(berth);
  await client.post('/v1/projects', { name: 'bench' });
  const times: number[] = [];
  for (let index = 0; index < 30; index++) {
    const started = performance.now();
    await client.operation('/v1/projects/bench/environments', { name: `e${index}` });
    times.push(performance.now() - started);
  }
  add('environment create -> ready, p99 of 30', p99(times), 'ms', '<= 2,000 ms');
  await berth.stop();
  await removeDirectory(directory);
}

async function seeded(): Promise<void> {
  const directory = await makeDirectory();
  console.error(`Seeding ${SEEDED.services} services and ${SEEDED.environments} environments ...`);
  // A directory with records and no file of secrets would be taken for one that lost it.
  await (await startProcess(directory)).stop();
  await seed(directory);
  const berth = await startProcess(directory);
  add('spawn -> first 200, seeded', berth.startMs, 'ms', '<= 500 ms');
  const headers = await berth.headers();
  const page = (kind: string) => (index: number) => ({
    method: 'GET',
    path: `/v1/projects/project-${String(index % 100).padStart(5, '0')}/${kind}?limit=50`,
    headers,
  });
  await load(berth.url, { perSecond: 100, seconds: 2, next: page('services') });
  for (const kind of ['services', 'environments']) {
    const pages = await load(berth.url, { perSecond: 100, seconds: 5, next: page(kind) });
    add(`page of 50 ${kind}, seeded, p99`, pages.p99, 'ms', '<= 20 ms');
  }
  add('resident memory, seeded', await berth.residentMb(), 'MB', '<= 512 MB');
  await berth.stop();
  await removeDirectory(directory);
}

const measures: Record<string, () => Promise<void> | void> = {
  bundle: () => bundleFigures(add),
  cost: () => requestFigures(add),
  idle: () => idleFigures(add),
  starts,
  demo,
  requests,
  environments,
  restart: () => restartFigures(add),
  seeded,
  previews: () => previewFigures(add),
  console: () => consoleFigures(add),
};
// `npm run bench -- demo idle` measures only these two.
const wanted = process.argv.slice(2);
for (const [name, measure] of Object.entries(measures)) {
  if (wanted.length === 0 || wanted.includes(name)) await measure();
}
console.table(figures);
