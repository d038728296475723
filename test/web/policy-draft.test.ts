import { describe, expect, it } from 'vitest';
import type { PolicyRule } from '../../client/types.generated.ts';
import { policyBody } from '../../functions/api/guardrails/policy-schemas.ts';
import { draftOf, newDraft, type RuleKind, ruleOf } from '../../web/src/pages/settings/policies/draft.ts';

const rules: PolicyRule[] = [
  { kind: 'allowed-registries', registries: ['ghcr.io/acme', 'quay.io'] },
  { kind: 'digest-only' },
  { kind: 'scan', severity: 'high' },
  { kind: 'ceiling', cpu: '2', memory: '4Gi', replicas: 10 },
  { kind: 'ceiling', memory: '4Gi' },
  { kind: 'branches', branches: ['main', 'release/*'], repositories: ['https://git.example.com/a'] },
  { kind: 'branches', branches: ['main'] },
  { kind: 'budget', usdPerMonth: 49.5, of: 'ephemeral' },
  { kind: 'budget', usdPerMonth: 200 },
  {
    kind: 'freeze',
    windows: [
      {
        days: ['sat', 'sun'],
        start: '00:00',
        end: '24:00',
        timeZone: 'Europe/Berlin',
        reason: 'Nobody looks',
      },
      { from: '2026-12-24T00:00:00.000Z', to: '2027-01-02T00:00:00.000Z' },
    ],
  },
];

describe('The form of a policy', () => {
  it.each(rules)('gives back the rule that it was filled with: $kind', (rule) => {
    const again = ruleOf(draftOf(rule, 'Europe/Berlin'));
    expect(again).toEqual(rule);
    expect(policyBody.safeParse({ rule: again }).success).toBe(true);
  });

  it('has no rule while what it needs is missing', () => {
    const kinds: RuleKind[] = ['allowed-registries', 'signature', 'ceiling', 'branches', 'budget'];
    for (const kind of kinds) expect(ruleOf({ ...newDraft('UTC'), kind }), kind).toBeUndefined();
  });

  it('keeps a signing key as it was written', () => {
    const rule: PolicyRule = { kind: 'signature', keys: [{ name: 'release', publicKey: '-----BEGIN…' }] };
    expect(ruleOf(draftOf(rule, 'UTC'))).toEqual(rule);
  });
});
