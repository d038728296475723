import { describe, expect, it } from 'vitest';
import type { AlertRule } from '../../client/types.generated.ts';
import { rulesBody, ruleView } from '../../functions/api/alerts/alert-schemas.ts';
import { defaultAlertRules } from '../../functions/core/alerts/default-rules.ts';
import { alertKinds } from '../../functions/core/model/index.ts';
import { draftOf, newRule, ruleOf } from '../../web/src/pages/alerts/alert-rule-draft.ts';

const defaults = defaultAlertRules.map((rule) => ruleView(rule) as unknown as AlertRule);

const own: AlertRule[] = [
  {
    name: 'slow',
    when: { kind: 'latency', p99Ms: 300, minRequests: 20, window: '10m' },
    environments: ['production', 'eu-*'],
    ephemeral: true,
    for: '2m',
    clearAfter: '10m',
  },
  { name: 'errors', when: { kind: 'error-rate', percent: 0.5, minRequests: 1, window: '1h' } },
];

describe('The form of an alert rule', () => {
  it.each([...defaults, ...own])('gives back the rule that it was filled with: $name', (rule) => {
    expect(ruleOf(draftOf(rule))).toEqual(rule);
  });

  // Of a kind with two rules the first one is meant, which has its name.
  it.each(defaults.filter(({ name, when }) => name === when.kind))(
    'begins a new rule as the one that holds from the start: $name',
    (rule) => {
      expect(ruleOf(newRule(rule.when.kind))).toEqual(rule);
    },
  );

  it('begins each kind of rule with what the API takes', () => {
    const rules = alertKinds.map((kind) => ruleOf(newRule(kind)));
    expect(rulesBody.safeParse({ rules }).error).toBeUndefined();
  });

  it('has no rule while what it needs is missing or is no number', () => {
    const draft = newRule('latency');
    for (const part of [{ p99Ms: ' ' }, { p99Ms: 'fast' }, { window: '' }, { name: '' }])
      expect(ruleOf({ ...draft, ...part }), JSON.stringify(part)).toBeUndefined();
  });
});
