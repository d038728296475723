/** The same request many times at once, and writers that know an old state: one effect each, whatever the order. */
import type { Random } from '../simulation/random.ts';
import { type Client, PROJECT } from './client.ts';
import type { Installation } from './installation.ts';

const AT_ONCE = 50;

/** Runs work many times, some at once. */
async function many<T>(count: number, work: (at: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, count) }, async () => {
      for (let at = next++; at < count; at = next++) results.push(await work(at));
    }),
  );
  return results;
}

/** I2: a thousand requests with one key are one project, however they fall around a death of Berth. */
export async function duplicates(installation: Installation, client: Client, count: number): Promise<void> {
  const name = `copy-${Date.now().toString(36)}`;
  const key = `duplicates-${name}`;
  let answered = 0;
  const killing = (async () => {
    while (answered < count / 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await installation.end('SIGKILL');
    await installation.start();
  })();
  const told = await many(count, async () => {
    const one = await client.ask('POST', '/v1/projects', { name }, { key });
    answered++;
    return one;
  });
  await killing;
  const kinds = new Set(told.map((one) => JSON.stringify([one?.status, one?.body])));
  if (kinds.size !== 1 || told[0]?.status !== 201)
    installation.violate(
      `I2: ${count} requests with one key had ${kinds.size} answers: ${[...kinds].slice(0, 3).join(' ')}`,
    );
  const events = await client.ask('GET', `/v1/projects/${name}/events?limit=100`);
  const made = (events?.body.items ?? []).filter(
    ({ type }: { type: string }) => type === 'project.created',
  ).length;
  if (made !== 1) installation.violate(`I2: ${count} requests with one key made ${made} projects`);
  await client.ask('DELETE', `/v1/projects/${name}`);
}

/** A write with If-Match holds only where it names the state that it replaces: each state has one successor. */
export async function staleWriters(
  installation: Installation,
  client: Client,
  random: Random,
  count: number,
): Promise<void> {
  const path = `${PROJECT}/environments/prod/variables`;
  const first = await client.ask('GET', path);
  const before: Record<string, string> = Object.fromEntries(
    (first?.body.items ?? []).map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  await client.ask('PUT', `${path}/WRITER`, { value: 'first' });
  /** Each state that was seen, in order: an ETag names it. */
  const seen = [(await client.ask('GET', path))?.etag ?? ''];
  /** Who replaced a state, and who made it. */
  const winners = new Map<string, string>();
  const makers = new Map<string, string>();
  await many(count, async (at) => {
    const known = random.chance(0.5) ? seen.at(-1)! : random.pick(seen.slice(-4));
    const value = `writer ${at}`;
    const body = { variables: { ...before, WRITER: value } };
    const told = await client.ask('PUT', path, body, { headers: { 'if-match': known } });
    if (told?.status === 200) {
      const earlier = winners.get(known);
      if (earlier) installation.violate(`${value} and ${earlier} both replaced the state ${known}`);
      winners.set(known, value);
      makers.set(told.etag ?? '', value);
      seen.push(told.etag ?? '');
    } else if (told?.status !== 412)
      installation.violate(`A stale writer was answered ${told?.status}: ${JSON.stringify(told?.body)}`);
  });
  const after = await client.ask('GET', path);
  const value = after?.body.items.find(({ name }: { name: string }) => name === 'WRITER')?.value;
  const last = makers.get(after?.etag ?? '');
  if (value !== last) installation.violate(`The last writer was ${last}, and ${value} stands`);
  if (winners.size < 2) installation.violate('Of the writers that knew the newest state none wrote');
  console.log(`  ${count} writers: ${winners.size} wrote, the others were refused`);
}
