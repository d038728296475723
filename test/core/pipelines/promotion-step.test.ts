import { describe, expect, it } from 'vitest';
import type { Promotion, PromotionStage, PromotionTarget } from '../../../functions/core/model/index.ts';
import { nextStep } from '../../../functions/core/pipelines/promotion-step.ts';

const NOW = Date.parse('2026-01-01T12:00:00.000Z');
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();

const target = (environment: string, state: PromotionTarget['state']): PromotionTarget => ({
  environment,
  environmentId: environment,
  state,
});
const stage = (
  states: Record<string, PromotionTarget['state']>,
  more: Partial<PromotionStage> = {},
): PromotionStage => ({
  name: Object.keys(states)[0] ?? '',
  bakeSeconds: 0,
  targets: Object.entries(states).map(([environment, state]) => target(environment, state)),
  ...more,
});
const promotion = (stages: PromotionStage[], more: Partial<Promotion> = {}): Promotion => ({
  project: 'demo',
  service: 'web',
  id: 'p',
  version: 'v',
  digest: 'd',
  fromEnvironment: 'dev',
  state: 'running',
  stages,
  createdAt: at(-60),
  createdBy: 'user:ada',
  ...more,
});
const told = (stages: PromotionStage[], more: Partial<Promotion> = {}): string => {
  const step = nextStep(promotion(stages, more), NOW);
  if (step.do === 'deploy') return `deploy ${step.target.environment}`;
  if (step.do === 'look') return `look ${step.targets.map(({ environment }) => environment).join(' ')}`;
  if (step.do === 'end') return `end ${step.state}`;
  if (step.do === 'wait') return `wait ${(step.until - NOW) / 1000}`;
  return `${step.do} ${step.stage.name}`;
};

describe('A promotion', () => {
  it('begins each environment of a stage, and then waits for all of them', () => {
    expect(told([stage({ a: 'waiting', b: 'waiting' })])).toBe('deploy a');
    expect(told([stage({ a: 'deploying', b: 'waiting' })])).toBe('deploy b');
    expect(told([stage({ a: 'deploying', b: 'deploying' })])).toBe('look a b');
    expect(told([stage({ a: 'succeeded', b: 'deploying' })])).toBe('look b');
  });

  it('begins nothing of a later stage before the one before has passed', () => {
    const later = stage({ z: 'waiting' });
    expect(told([stage({ a: 'succeeded' }), later])).toBe('pass a');
    expect(told([stage({ a: 'succeeded' }, { passedAt: at(-1) }), later])).toBe('deploy z');
    expect(told([stage({ a: 'deploying' }), later])).toBe('look a');
  });

  it('lets a version bake for its time, from when all have it, and asks then', () => {
    const baking = (more: object) => [stage({ a: 'succeeded' }, { bakeSeconds: 60, ...more })];
    expect(told(baking({}))).toBe('bake a');
    expect(told(baking({ bakesUntil: at(20) }))).toBe('wait 20');
    expect(told(baking({ bakesUntil: at(0) }))).toBe('pass a');
  });

  it('begins nothing more after a failure, and ends once what goes on has ended', () => {
    const later = stage({ z: 'waiting' });
    expect(told([stage({ a: 'failed', b: 'waiting' }), later])).toBe('end failed');
    expect(told([stage({ a: 'failed', b: 'deploying', c: 'waiting' }), later])).toBe('look b');
  });

  it('begins nothing more when it is to stop, while it bakes too', () => {
    const stop = { cancelRequested: true } as const;
    expect(told([stage({ a: 'waiting' })], stop)).toBe('end canceled');
    expect(told([stage({ a: 'deploying', b: 'waiting' })], stop)).toBe('look a');
    expect(told([stage({ a: 'failed', b: 'waiting' })], stop)).toBe('end canceled');
    expect(told([stage({ a: 'succeeded' }, { bakeSeconds: 60, bakesUntil: at(20) })], stop)).toBe(
      'end canceled',
    );
    expect(told([stage({ a: 'succeeded' }, { passedAt: at(-1) })], stop)).toBe('end succeeded');
  });
});
