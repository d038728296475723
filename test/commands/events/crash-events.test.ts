import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRuntimeEvents, type RuntimeEvents } from '../../../functions/commands/events/crash-events.ts';
import { eventsPartition } from '../../../functions/core/keys.ts';
import type { BerthEvent } from '../../../functions/core/model/index.ts';
import { createSubject, type Subject, seed } from '../../api/support.ts';

let subject: Subject;
let events: RuntimeEvents;
const errors: unknown[] = [];
beforeEach(async () => {
  errors.length = 0;
  subject = await createSubject();
  await seed(subject);
});
afterEach(async () => {
  await events.close();
  expect(errors).toEqual([]);
  await subject.close();
});

const start = (windowMs: number): void => {
  events = createRuntimeEvents(subject.ports, { windowMs, onError: (error) => errors.push(error) });
};
const crash = (why: string, fields: object = {}) => ({
  project: 'demo',
  environment: 'dev',
  service: 'guestbook',
  deployment: 1,
  container: 'web',
  why,
  ...fields,
});

type CrashEvent = BerthEvent & { type: 'instance.crashed' };

async function recorded(): Promise<CrashEvent[]> {
  const { items } = await subject.ports.store.query<BerthEvent>({ pk: eventsPartition('demo'), limit: 1000 });
  return items.map(({ data }) => data).filter((event) => event.type === 'instance.crashed');
}

async function until(count: number): Promise<CrashEvent[]> {
  for (let tries = 0; tries < 300; tries++) {
    const found = await recorded();
    if (found.length >= count) return found;
    await sleep(10);
  }
  throw new Error(`There are not ${count} events`);
}

describe('Crashes', () => {
  it('are told at once, with what crashed and why', async () => {
    start(60_000);
    events.crashed(crash('exited with code 1'));
    expect(await until(1)).toMatchObject([
      {
        actor: 'berth',
        environment: 'dev',
        service: 'guestbook',
        data: { number: 1, container: 'web', cause: 'exited with code 1', count: 1 },
      },
    ]);
  });

  it('in a loop are counted and told together, less and less often', async () => {
    start(30);
    let crashes = 0;
    const end = performance.now() + 700;
    while (performance.now() < end || crashes <= 50) {
      events.crashed(crash(`number ${++crashes}`));
      await sleep(1);
    }
    await events.close();
    const found = await recorded();
    // 30, 60, 120, 240, 480 ms: at most one more than these windows, whatever the number of crashes.
    expect(crashes).toBeGreaterThan(50);
    expect(found.length).toBeGreaterThanOrEqual(3);
    expect(found.length).toBeLessThanOrEqual(8);
    expect(found.reduce((sum, { data }) => sum + data.count, 0)).toBe(crashes);
    expect(found.at(-1)?.data.cause).toBe(`number ${crashes}`);
  });

  it('of another container or deployment are told apart', async () => {
    start(60_000);
    for (const fields of [{}, { container: 'side' }, { deployment: 2 }, {}])
      events.crashed(crash('x', fields));
    await until(3);
    await events.close();
    expect(await recorded()).toHaveLength(4);
  });

  it('after a quiet time are told at once again', async () => {
    start(20);
    events.crashed(crash('one'));
    await until(1);
    await sleep(60);
    events.crashed(crash('two'));
    expect((await until(2)).map(({ data }) => data.count)).toEqual([1, 1]);
  });

  it('of an environment that is gone are none', async () => {
    start(60_000);
    events.crashed(crash('x', { environment: 'gone' }));
    await events.close();
    expect(await recorded()).toEqual([]);
  });

  it('keep nothing but what they are made of', async () => {
    start(60_000);
    events.crashed({ ...crash('x'.repeat(5000)), containers: [{ variables: 'the-secret' }] } as never);
    const [event] = await until(1);
    expect(JSON.stringify(event)).not.toContain('the-secret');
    expect(event?.data.cause).toHaveLength(500);
  });
});
