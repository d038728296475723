/**
 * Pushes to real repositories, whose messages come in any order, twice, and some never, while Berth is killed now and then.
 * Each service has to end at the newest commit, no older one may be deployed after a newer one, and each commit that Berth was told
 * of has a last status.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GitHost, NONE, openGitHost, TOKEN } from '../api/connections/git-host.ts';
import { createRandom, type Random } from '../simulation/random.ts';
import type { Json } from '../support/client.ts';
import { askWorkload } from '../support/workload.ts';
import { createRepository, type Repository } from './repository.ts';
import { createTrialSubject, type TrialSubject } from './subject.ts';

export interface PushesOptions {
  pushes: number;
  seed: number;
}

interface Service {
  name: string;
  host: GitHost;
  repository: Repository;
  hook: string;
  secret: string;
  /** How far out of its turn a message may come, in pushes. */
  window: number;
  /** Pushes whose messages never come, by their places. */
  lost: Set<number>;
  /** When the message of a commit was sent that was accepted as new, epoch milliseconds. */
  sentAt: Map<string, number>;
  taken: Set<string>;
}

const PROVIDERS = ['github', 'gitlab', 'gitea', 'github', 'gitlab'] as const;
const LOST = 0.1;
const AT_ONCE = 6;
const KILLS = 2;
/** After so many messages none comes for so long, milliseconds. */
const CALM_EACH = 100;
const CALM_MS = 4_000;
/** How long all that was begun takes to end, milliseconds. */
const REST_MS = 600_000;
/** As much as ten minutes, after which providers are asked; each is six. */
const MOVES = 2;

const pathOf = ({ name }: Pick<Service, 'name'>): string => `/v1/projects/shop/services/${name}`;

/** @returns what was violated, and lines with what was seen */
export async function pushes({
  pushes: count,
  seed,
}: PushesOptions): Promise<{ violations: string[]; seen: string[] }> {
  const random = createRandom(seed);
  const each = Math.ceil(count / PROVIDERS.length);
  const violations: string[] = [];
  const subject = await createTrialSubject();
  const names = PROVIDERS.map((_, index) => `site-${index}`);
  const hosts = await Promise.all(
    PROVIDERS.map((provider, index) =>
      openGitHost(provider, join(subject.directory, names[index]!).slice(1)),
    ),
  );
  try {
    await subject.start(hosts.map(({ origin }) => origin));
    await subject.must('POST', '/v1/projects', { name: 'shop' });
    await subject.must('POST', '/v1/projects/shop/environments', { name: 'dev' });
    const services: Service[] = [];
    for (const [index, name] of names.entries())
      services.push(await connectService(subject, random, { name, host: hosts[index]!, index, each }));
    const began = Date.now();
    const sent = await deliverAll(subject, random, services);
    const deliveredMs = Date.now() - began;
    await lookForLost(subject, services);
    await atRest(subject, services);
    for (const service of services) violations.push(...(await judge(subject, service)));
    const refused = hosts.flatMap((host) => host.refused);
    if (refused.length > 0) violations.push(`A provider refused ${refused.length} requests: ${refused[0]}`);
    return { violations, seen: await figures(subject, services, { sent, deliveredMs }) };
  } catch (error) {
    console.error(subject.output().slice(-3_000));
    throw error;
  } finally {
    for (const host of hosts) host.close();
    await subject.dispose();
  }
}

async function connectService(
  subject: TrialSubject,
  random: Random,
  { name, host, index, each }: { name: string; host: GitHost; index: number; each: number },
): Promise<Service> {
  const contents = Array.from({ length: each }, (_, place) => ({ 'index.html': `${name} at ${place}` }));
  const repository = createRepository(subject.directory, name, contents);
  await subject.must('POST', '/v1/projects/shop/services', { name });
  const { hook, secret } = await subject.must('PUT', `${pathOf({ name })}/connection`, {
    provider: PROVIDERS[index],
    repository: repository.path,
    api: host.origin,
    rules: [{ branch: 'main', environment: 'dev' }],
    token: TOKEN,
  });
  const lost = new Set(repository.commits.flatMap((_, place) => (random.chance(LOST) ? [place] : [])));
  // The first tells where a branch began. The newest of some services is lost, of others it comes.
  lost.delete(0);
  if (index % 2 === 0) lost.add(each - 1);
  else lost.delete(each - 1);
  const window = [6, 40, each][index % 3]!;
  return { name, host, repository, hook, secret, window, lost, sentAt: new Map(), taken: new Set() };
}

/** @returns how many messages were sent */
async function deliverAll(subject: TrialSubject, random: Random, services: Service[]): Promise<number> {
  const messages = services.flatMap((service) => {
    const { repository, window, lost, host, secret } = service;
    return repository.commits.flatMap((after, place) => {
      if (lost.has(place)) return [];
      const push = {
        before: place === 0 ? NONE : repository.commits[place - 1]!,
        after,
        at: 1_700_000_000 + place,
        repository: repository.name,
      };
      const message = host.push(push, secret, `${repository.name} ${place}`);
      const turn = (): number => (place === 0 ? 0 : place + random.next() * window);
      return [0, 1].map(() => ({ service, after, message, turn: turn() }));
    });
  });
  const waiting = messages.sort((a, b) => a.turn - b.turn);
  const total = waiting.length;
  const kills = Array.from({ length: KILLS }, (_, index) => Math.floor((total * (index + 1)) / (KILLS + 1)));
  let killing: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (total - waiting.length === kills[0]) {
        kills.shift();
        killing = subject.kill('SIGKILL').then(() => subject.start());
      }
      await killing;
      const { service, after, message } = next;
      const sentAt = Date.now();
      const status = await subject.deliver(service.hook, message);
      if (status === 201) service.sentAt.set(after, sentAt);
      if (status === 200 || status === 201) service.taken.add(after);
      else if (status !== undefined) throw new Error(`A delivery was answered ${status}`);
      await sleep(random.below(100));
      // Whoever pushes rests as well: what is newest for a while is deployed.
      if ((total - waiting.length) % CALM_EACH < AT_ONCE) await sleep(CALM_MS);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return total;
}

/** Providers are asked each ten minutes: what was lost at the end is found then. */
async function lookForLost(subject: TrialSubject, services: Service[]): Promise<void> {
  for (const { host, repository } of services) host.heads.set('main', repository.commits.at(-1)!);
  await atRest(subject, services);
  await subject.moveClock(MOVES);
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500)) {
    const newest = await Promise.all(
      services.map(async (service) => (await deliveriesOf(subject, service)).map(({ commit }) => commit)),
    );
    if (services.every(({ repository }, index) => newest[index]!.includes(repository.commits.at(-1)))) return;
  }
}

async function deliveriesOf(subject: TrialSubject, service: Service): Promise<Json[]> {
  const all: Json[] = [];
  for (let cursor = ''; ; ) {
    const page = await subject.must('GET', `${pathOf(service)}/deliveries?limit=200${cursor}`);
    all.push(...page.items);
    if (!page.nextCursor) return all;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}

const isOpen = ({ state }: Json): boolean => ['waiting', 'building', 'deploying'].includes(state);

/** Until nothing goes on, and all has been told. */
async function atRest(subject: TrialSubject, services: Service[]): Promise<void> {
  let quiet = 0;
  for (const end = Date.now() + REST_MS; Date.now() < end; await sleep(1_000)) {
    const told = services.reduce((sum, { host }) => sum + host.statuses.length, 0);
    const all = await Promise.all(services.map((service) => deliveriesOf(subject, service)));
    await sleep(1_500);
    const isQuiet =
      !all.flat().some(isOpen) && told === services.reduce((sum, { host }) => sum + host.statuses.length, 0);
    quiet = isQuiet ? quiet + 1 : 0;
    if (quiet === 3) return;
  }
}

async function judge(subject: TrialSubject, service: Service): Promise<string[]> {
  const { name, repository, host, taken } = service;
  const wrong: string[] = [];
  const say = (what: string): void => void wrong.push(`${name}: ${what}`);
  const places = new Map(repository.commits.map((commit, place) => [commit, place]));
  const newest = repository.commits.at(-1)!;
  const { text } = await askWorkload(subject.port, `${name}.dev.shop.localhost`);
  const wanted = `${name} at ${repository.commits.length - 1}`;
  if (text.trim() !== wanted) say(`it serves "${text.trim().slice(0, 80)}" and not "${wanted}"`);
  const all = await deliveriesOf(subject, service);
  for (const one of all.filter(isOpen)) say(`delivery ${one.number} is ${one.state} for ever`);
  const deployed = all.filter(({ deployment }) => deployment !== undefined);
  deployed.sort((a, b) => a.deployment - b.deployment);
  for (const [index, one] of deployed.entries()) {
    const before = deployed[index - 1];
    if (before && places.get(before.commit)! > places.get(one.commit)!)
      say(
        `deployment ${one.deployment} of change ${places.get(one.commit)} came after ${places.get(before.commit)}`,
      );
  }
  const accepted = new Set(all.map(({ commit }) => commit));
  for (const commit of taken)
    if (!accepted.has(commit)) say(`change ${places.get(commit)} was taken and is not listed`);
  const last = new Map(host.statuses.map(({ commit, state }) => [commit, state]));
  for (const commit of accepted) {
    const state = last.get(commit);
    if (state === undefined) say(`change ${places.get(commit)} has no status`);
    else if (state === 'pending') say(`change ${places.get(commit)} is pending for ever`);
  }
  if (last.get(newest) !== 'success') say(`the newest commit is told ${last.get(newest)}`);
  return wrong;
}

async function figures(
  subject: TrialSubject,
  services: Service[],
  { sent, deliveredMs }: { sent: number; deliveredMs: number },
): Promise<string[]> {
  const waits = services
    .flatMap(({ host, sentAt }) => {
      const first = new Map<string, number>();
      for (const { commit, at } of host.statuses) if (!first.has(commit)) first.set(commit, at);
      return [...sentAt].map(([commit, at]) => (first.get(commit) ?? Number.NaN) - at);
    })
    .filter((ms) => !Number.isNaN(ms))
    .sort((a, b) => a - b);
  const at = (part: number): number =>
    waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? 0;
  const all = (await Promise.all(services.map((service) => deliveriesOf(subject, service)))).flat();
  const count = (state: string): number => all.filter((one) => one.state === state).length;
  const lost = services.reduce((sum, one) => sum + one.lost.size, 0);
  const pushed = services.reduce((sum, { repository }) => sum + repository.commits.length, 0);
  const told = new Set(services.flatMap(({ host }) => host.statuses.map(({ commit }) => commit))).size;
  return [
    `${pushed} pushes to ${services.length} services, ${lost} of them never delivered; ${sent} messages in ${(deliveredMs / 1000).toFixed(0)} s`,
    `${all.length} deliveries: ${count('succeeded')} deployed, ${count('superseded')} overtaken, ${count('failed')} failed, ${count('skipped')} skipped, ${all.filter(({ event }) => event === 'asked').length} found by asking`,
    `${told} commits have a status; the first came within ${at(0.5)} ms (median), ${at(0.99)} ms (p99)`,
  ];
}
