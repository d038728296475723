/** The same request many times at once, and writers that know an old state: one effect each, whatever the order. */
import type { Random } from '../simulation/random.ts';
import { type Client, PROJECT, type Told } from './client.ts';
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
  const winners = new Map<string, string>();
  let etag = await versionOf();
  const told = await many(count, async (at): Promise<Told | undefined> => {
    const seen = random.chance(0.5)
      ? etag
      : `"${Math.max(1, Number(etag.replaceAll('"', '')) - random.below(4))}"`;
    const value = `writer ${at}`;
    const one = await client.ask(
      'PUT',
      path,
      { variables: { ...before, WRITER: value } },
      { headers: { 'if-match': seen } },
    );
    if (one?.status === 200) {
      const earlier = winners.get(seen);
      if (earlier) installation.violate(`${value} and ${earlier} both replaced version ${seen}`);
      winners.set(seen, value);
      etag = `"${Number(seen.replaceAll('"', '')) + 1}"`;
    } else if (one?.status !== 412)
      installation.violate(`A stale writer was answered ${one?.status}: ${JSON.stringify(one?.body)}`);
    return one;
  });
  const last = [...winners]
    .sort(([a], [b]) => Number(a.replaceAll('"', '')) - Number(b.replaceAll('"', '')))
    .at(-1)?.[1];
  const after = await client.ask('GET', path);
  const value = after?.body.items.find(({ name }: { name: string }) => name === 'WRITER')?.value;
  if (value !== last) installation.violate(`The last writer was ${last}, and ${value} stands`);
  console.log(`  ${told.length} writers: ${winners.size} wrote, the others were refused`);

  async function versionOf(): Promise<string> {
    const set = await client.ask('PUT', `${path}/WRITER`, { value: 'first' });
    if (set?.status !== 200) installation.violate(`No variable can be set: ${set?.status}`);
    const headers = { authorization: `Bearer ${installation.token()}` };
    const answer = await fetch(`http://127.0.0.1:${installation.port}${path}`, { headers });
    await answer.body?.cancel();
    return answer.headers.get('etag') ?? '"1"';
  }
}
