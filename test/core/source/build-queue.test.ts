import { expect, it } from 'vitest';
import {
  advance,
  aheadOf,
  type BuildQueue,
  emptyQueue,
  turnedAway,
} from '../../../functions/core/source/build-queue.ts';

const now = '2026-01-01T00:00:00.000Z';
const ceilings = { all: 3, project: 2, seconds: 60 };
const build = (operation: string, until = '2026-01-01T01:00:00.000Z') => ({
  operation,
  project: operation.replace(/\d+$/, ''),
  until,
});
const waiting = (...operations: string[]): BuildQueue => ({
  ...emptyQueue,
  waiting: operations.map((operation) => build(operation)),
});
const running = ({ running }: BuildQueue): string[] => running.map(({ operation }) => operation);
const without = (queue: BuildQueue, gone: string): BuildQueue => ({
  ...queue,
  running: queue.running.filter(({ operation }) => operation !== gone),
});

it('Of many builds of one project only its share runs, and others pass those that wait', () => {
  expect(running(advance(waiting('a1', 'a2', 'a3', 'a4'), ceilings, now))).toEqual(['a1', 'a2']);
  expect(running(advance(waiting('a1', 'a2', 'a3', 'b1', 'c1'), ceilings, now))).toEqual(['a1', 'b1', 'c1']);
});

it('Projects take turns, however many builds one of them has waiting', () => {
  let queue = waiting('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1');
  const order: string[] = [];
  for (;;) {
    queue = advance(queue, { all: 1, project: 1, seconds: 60 }, now);
    const [one] = running(queue);
    if (one === undefined) break;
    order.push(one);
    queue = without(queue, one);
  }
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
});

it('A build that found no machine is first again, others wait behind it, and all go on after a while', () => {
  const full = '2026-01-01T00:00:20.000Z';
  const before = advance(waiting('a1', 'b1', 'c1', 'd1'), ceilings, now);
  const later = '2026-01-01T00:00:01.000Z';
  const queue = advance(turnedAway(before, build('b1'), full), ceilings, later);
  expect(running(queue)).toEqual(['a1', 'c1']);
  expect(aheadOf(queue, 'b1')).toBe(0);
  expect(aheadOf(queue, 'd1')).toBe(1);
  const after = advance(without(queue, 'a1'), ceilings, full);
  expect(running(after)).toEqual(['c1', 'b1', 'd1']);
  expect(after).not.toHaveProperty('fullUntil');
});

it('A build that waits knows how many begin before it', () => {
  const queue = advance(waiting('a1', 'a2', 'a3', 'b1', 'b2'), { all: 1, project: 1, seconds: 60 }, now);
  expect(['a1', 'a2', 'a3', 'b1', 'b2'].map((one) => aheadOf(queue, one))).toEqual([undefined, 1, 3, 0, 2]);
});

it('A build whose time is over gives its place away, whoever forgot to say so', () => {
  const queue: BuildQueue = { ...waiting('a2'), running: [build('a1', '2025-12-31T23:59:59.999Z')] };
  expect(running(advance(queue, { all: 1, project: 1, seconds: 60 }, now))).toEqual(['a2']);
});
