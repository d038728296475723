/** `npm run bench`: prints figures beside their goals. It never fails, since these are figures and not tests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { idleFigures, requestFigures } from './aws.ts';
import { bundleFigures } from './bundle.ts';
import { clientOf, getJson, median, p99, workloadStatus } from './client.ts';
import { consoleFigures } from './console.ts';
import { deploymentFigures, instantRollbackFigures } from './deployments.ts';
import { load } from './load.ts';
import { previewFigures } from './previews.ts';
import { type Figure, shown, writeFigures } from './report.ts';
import { restartFigures } from './restart.ts';
import { SEEDED, seed } from './seed.ts';
import { makeDirectory, removeDirectory, startProcess } from './server.ts';

const figures: Figure[] = [];
const add = (figure: string, value: number, unit: string, goal: string): void => {
  const one = { figure, value, unit, goal };
  figures.push(one);
  console.error(`${figure}: ${shown(one)}`);
};

async function starts(): Promise<void> {
  const directory = await makeDirectory();
  const times: number[] = [];
  for (let run = 0; run < 7; run++) {
    const berth = await startProcess(directory);
    times.push(berth.startMs);
    if (run === 6) add('P11 resident memory, idle', await berth.residentMb(), 'MB', '<= 85 MB');
    await berth.stop();
  }
  add('P11 spawn -> first 200 (median of 7)', median(times), 'ms', '<= 400 ms');
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
  add('P11 resident memory after the demo', await berth.residentMb(), 'MB', '<= 100 MB');
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
  add('P11 durable write at 500 requests/s, p99', writes.p99, 'ms', '<= 10 ms');
  add('failed of 10,000 requests', reads.failed + writes.failed, '', '0');
  add('P11 resident memory after 11,500 requests', await berth.residentMb(), 'MB', '<= 110 MB');
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
  add('P8 environment create -> ready, p99 of 30', p99(times), 'ms', '<= 50 ms');
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
    add(`P12 page of 50 ${kind}, seeded, p99`, pages.p99, 'ms', '<= 10 ms');
  }
  add('P12 resident memory, seeded', await berth.residentMb(), 'MB', '<= 128 MB');
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
// `npm run bench -- demo idle` measures only these two; `--write` writes the page of all.
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false } },
});
const strange = wanted.filter((name) => !(name in measures));
if (strange.length > 0 || (values.write && wanted.length > 0)) {
  console.error(
    `npm run bench [-- ${Object.keys(measures).join(' | ')}], or npm run bench -- --write, which measures all.`,
  );
  process.exit(1);
}
for (const [name, measure] of Object.entries(measures)) {
  if (wanted.length === 0 || wanted.includes(name)) await measure();
}
console.table(figures.map((one) => ({ figure: one.figure, value: shown(one), goal: one.goal })));
if (values.write) writeFigures(figures, new Date());
