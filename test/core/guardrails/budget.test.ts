import { describe, expect, it } from 'vitest';
import type { JudgedResource, Proposal } from '../../../functions/core/costs/cheaper-change.ts';
import { type BudgetFacts, checkBudget } from '../../../functions/core/guardrails/budget.ts';
import { concerns, evaluatePolicy } from '../../../functions/core/guardrails/evaluate.ts';
import type { ScoreWorkload } from '../../../functions/core/score/workload.ts';

/** Each replica keeps a node: 55.63 USD a month, and a service has 0.10 of logs. */
const workload = (replicas: number): ScoreWorkload => ({
  apiVersion: 'score.dev/v1b1',
  metadata: { name: 'web', annotations: { 'berth.dev/replicas': String(replicas) } },
  containers: { main: { image: '.', resources: { requests: { cpu: '1.4' } } } },
});
const server: JudgedResource = {
  uid: 'postgres.dedicated#db',
  use: { awake: {}, always: { 'rds.t4gMicroHour': 730 } },
  cheaper: { class: 'default', use: { awake: {}, always: { 'aurora.gbMonth': 1 } } },
};
const facts = (replicas: number, more: Partial<Proposal> = {}, before = 0): BudgetFacts => ({
  kind: 'ephemeral',
  isProtected: false,
  before: {
    isAwake: true,
    services: before === 0 ? [] : [{ name: 'web', workload: workload(before) }],
    resources: [],
  },
  after: {
    isAwake: true,
    service: 'web',
    services: [{ name: 'web', workload: workload(replicas) }],
    resources: [],
    ...more,
  },
});
const budget = { kind: 'budget' as const, usdPerMonth: 120 };

describe('A budget', () => {
  it('lets in what stays within it, and refuses with the sums and how many replicas would', () => {
    expect(checkBudget(budget, facts(2))).toBeUndefined();
    expect(checkBudget(budget, facts(4))).toEqual({
      fact: 'the environment would cost up to 222.60 USD a month, 222.60 of it for web, and may cost 120.00',
      remedy:
        'Set berth.dev/replicas and berth.dev/max-replicas to 2 at most: it is then 111.35 USD a month.',
    });
  });

  it('counts what it may scale to, and tells who scaled it to scale it', () => {
    const scaled = { name: 'web', workload: workload(1), replicas: 3 };
    expect(checkBudget(budget, facts(1, { services: [scaled] }))?.remedy).toMatch(
      /^Scale "web" to 2 at most/,
    );
    const { metadata, ...rest } = workload(1);
    const annotations = { ...metadata.annotations, 'berth.dev/max-replicas': '3' };
    const scaling = { name: 'web', workload: { ...rest, metadata: { ...metadata, annotations } } };
    expect(checkBudget(budget, facts(1, { services: [scaling] }))?.fact).toContain('up to 166.98 USD');
  });

  it('names the cheaper class of a new resource, and what costs most where nothing of the deployment is enough', () => {
    const remedy = (usdPerMonth: number, more: Partial<Proposal>, replicas = 1) =>
      checkBudget({ ...budget, usdPerMonth }, facts(replicas, more))?.remedy;
    expect(remedy(60, { resources: [server] })).toBe(
      'Give postgres.dedicated#db the class "default": it is then 55.83 USD a month.',
    );
    const other = { name: 'api', workload: workload(3) };
    const services = [other, { name: 'web', workload: workload(1) }];
    expect(remedy(60, { services })).toContain('what costs most, the service "api"');
  });

  it('lets an environment that is above it already be mended and made cheaper', () => {
    expect(checkBudget(budget, facts(4, {}, 4))).toBeUndefined();
    expect(checkBudget(budget, facts(3, {}, 4))).toBeUndefined();
    expect(checkBudget(budget, facts(5, {}, 4))).toBeDefined();
  });

  it('is for one kind of environment where it says so', () => {
    const of = (kind: 'persistent' | 'ephemeral' | 'protected', more: Partial<BudgetFacts> = {}) =>
      checkBudget({ ...budget, of: kind }, { ...facts(4), ...more }) !== undefined;
    expect([of('ephemeral'), of('persistent'), of('protected')]).toEqual([true, false, false]);
    expect(of('protected', { isProtected: true })).toBe(true);
  });

  it('is asked when the scale is changed as well', () => {
    const policy = { name: 'b', rollbacks: false, rule: budget, updatedAt: '', updatedBy: '' };
    const given = { environment: 'dev', kind: 'scale' as const };
    expect(concerns(policy, given)).toBe(true);
    const source = { kind: 'upload' as const, sha256: 'x', bytes: 1 };
    const rest = { at: 0, digest: '', source, findings: undefined, signatures: [] };
    const judged = { ...given, ...rest, workload: workload(4), cost: facts(4) };
    expect(evaluatePolicy(policy, 'project', judged)?.policy).toBe('b');
  });
});
