import { expect, it } from 'vitest';
import { collectChanges } from '../../../functions/core/dora/dora-changes.ts';
import { figuresOf } from '../../../functions/core/dora/dora-figures.ts';
import { countVerbs } from '../../../functions/core/dora/verb-use.ts';
import type { BerthEvent } from '../../../functions/core/model/index.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

/** An event `hours` after the beginning, of the service `web` in `prod`. */
const event = (hours: number, type: string, data: object, more: object = {}): BerthEvent =>
  ({
    id: '1',
    hash: '',
    project: 'shop',
    actor: 'user:ada',
    environment: 'prod',
    service: 'web',
    at: new Date(START + hours * HOUR).toISOString(),
    type,
    data,
    ...more,
  }) as BerthEvent;

/** A deployment that takes six minutes. */
function deployed(hours: number, number: number, end: string, kind = 'deploy', more = {}): BerthEvent[] {
  return [
    event(hours, 'deployment.created', { number, kind, version: `v${number}`, ...more }),
    event(hours + 0.1, `deployment.${end}`, { number, kind: 'deploy', code: 'check_failed' }),
  ];
}
function changesOf(...events: BerthEvent[][]) {
  const collector = collectChanges();
  for (const one of events.flat()) collector.next(one);
  return collector.changes;
}
const none = new Map<string, number>();

it('Changes are deployments that bring a version: what is canceled, repeated or began earlier is none', () => {
  const changes = changesOf(
    deployed(1, 1, 'succeeded'),
    deployed(2, 2, 'failed'),
    deployed(3, 3, 'canceled'),
    deployed(4, 4, 'superseded'),
    deployed(5, 5, 'succeeded', 'restart'),
    deployed(6, 6, 'failed', 'scale'),
    deployed(7, 7, 'succeeded', 'promote'),
    [event(8, 'deployment.succeeded', { number: 99, kind: 'deploy' })],
  );
  expect(changes.map(({ number, outcome }) => [number, outcome])).toEqual([
    [1, 'served'],
    [2, 'failed'],
    [7, 'served'],
  ]);
  expect(figuresOf(changes, none, 30)).toMatchObject({
    deployments: { n: 2, perDay: 0.067 },
    changeFailures: { n: 3, failed: 1, checked: 1, takenBack: 0, rate: null },
    timeToRestore: { n: 1, open: 0, medianSeconds: null },
  });
});

it('A change that is rolled back within a day failed, and one that is rolled back later did not', () => {
  const back = (hours: number, number: number) => deployed(hours, number, 'succeeded', 'rollback');
  const soon = changesOf(deployed(1, 1, 'succeeded'), deployed(2, 2, 'succeeded'), back(5, 3));
  expect(soon.map(({ outcome }) => outcome)).toEqual(['served', 'taken_back']);
  expect(soon[1]).toMatchObject({ restoredAt: START + 5.1 * HOUR });
  const late = changesOf(deployed(1, 1, 'succeeded'), deployed(2, 2, 'succeeded'), back(27, 3));
  expect(late.map(({ outcome }) => outcome)).toEqual(['served', 'served']);
  // Going back a second time takes back nothing that came before.
  const twice = changesOf(deployed(1, 1, 'succeeded'), deployed(2, 2, 'succeeded'), back(3, 3), back(4, 4));
  expect(twice.map(({ outcome }) => outcome)).toEqual(['served', 'taken_back']);
});

it('Rates and medians are told from five on, with how many they are of', () => {
  const commits = new Map(
    [1, 2, 3, 4, 5].map((number) => [`web/v${number}`, START + number * HOUR - number * HOUR * 2]),
  );
  const five = changesOf(...[1, 2, 3, 4, 5].map((number) => deployed(number, number, 'succeeded')));
  const { leadTime, changeFailures } = figuresOf(five, commits, 30);
  // Two hours for each number, and six minutes for the deployment.
  expect(leadTime).toEqual({ n: 5, medianSeconds: 6.1 * 3_600, p90Seconds: 10.1 * 3_600 });
  expect(changeFailures.rate).toBe(0);
  expect(figuresOf(five.slice(1), commits, 30).leadTime).toEqual({
    n: 4,
    medianSeconds: null,
    p90Seconds: null,
  });
  // The clock of who committed was ahead.
  expect(figuresOf(five, new Map([['web/v1', START + 99 * HOUR]]), 30).leadTime.n).toBe(0);
});

it('What is broken stays open until something serves, and not beyond the environment', () => {
  const broken = changesOf(deployed(1, 1, 'failed'), deployed(2, 2, 'failed'));
  expect(figuresOf(broken, none, 30).timeToRestore).toEqual({ n: 0, open: 2, medianSeconds: null });
  const mended = changesOf(deployed(1, 1, 'failed'), deployed(2, 2, 'failed'), deployed(4, 3, 'succeeded'));
  expect(mended.map(({ restoredAt }) => restoredAt)).toEqual([
    START + 4.1 * HOUR,
    START + 4.1 * HOUR,
    undefined,
  ]);
  const anew = changesOf(
    deployed(1, 1, 'succeeded'),
    [event(2, 'environment.destroyed', {}, { service: undefined })],
    deployed(3, 1, 'succeeded', 'rollback'),
  );
  expect(anew.map(({ outcome }) => outcome)).toEqual(['served']);
});

it('Use is counted by noun, with who and why not', () => {
  const verbs = countVerbs();
  for (const one of [...deployed(1, 1, 'failed'), ...deployed(2, 2, 'failed')]) verbs.next(one);
  verbs.next(event(3, 'access.refused', { action: 'secret.reveal' }, { actor: 'user:bob' }));
  verbs.next(event(3, 'build.failed', { code: 'build_failed' }, { actor: 'berth' }));
  expect(verbs.end()).toEqual([
    {
      noun: 'deployment',
      counts: { created: 2, failed: 2 },
      actors: 1,
      failures: [{ code: 'check_failed', n: 2 }],
    },
    { noun: 'access', counts: { refused: 1 }, actors: 1, failures: [{ code: 'secret.reveal', n: 1 }] },
    { noun: 'build', counts: { failed: 1 }, actors: 0, failures: [{ code: 'build_failed', n: 1 }] },
  ]);
});
