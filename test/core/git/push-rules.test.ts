/** What is built of a push, by its rules, its message and its paths. */
import { describe, expect, it } from 'vitest';
import type { PushFacts } from '../../../functions/core/git/hook-facts.ts';
import { branchOf, ruleFor, whySkipped } from '../../../functions/core/git/push-rules.ts';
import type { Connection } from '../../../functions/core/model/index.ts';

const push = (facts: Partial<PushFacts>): PushFacts => ({
  kind: 'push',
  repository: 'octo/guestbook',
  ref: 'refs/heads/main',
  message: '',
  ...facts,
});
const watching = (...watch: string[]) => ({ watch }) as unknown as Connection;

describe('A push', () => {
  it('goes where the first rule says that its branch fits; a tag goes nowhere', () => {
    const rules = [
      { branch: 'main', environment: 'dev' },
      { branch: 'release/*', environment: 'staging' },
      { branch: '**', environment: 'try' },
    ];
    expect(ruleFor(rules, 'main')?.environment).toBe('dev');
    expect(ruleFor(rules, 'release/2')?.environment).toBe('staging');
    expect(ruleFor(rules, 'release/2/fix')?.environment).toBe('try');
    expect(branchOf('refs/tags/main')).toBeUndefined();
  });

  it.each(['[skip ci]', 'Words\n\n[ci skip]', 'a [Skip Berth] b'])('is passed over for %j', (message) => {
    expect(whySkipped(watching('**'), push({ message }))).toContain('message');
  });

  it('is built where it changes what is watched, and where not all that it changes is told', () => {
    const api = watching('packages/api/**', 'package-lock.json');
    expect(whySkipped(api, push({ paths: ['docs/a.md', 'packages/api/src/a.ts'] }))).toBeUndefined();
    expect(whySkipped(api, push({ paths: ['docs/a.md', 'packages/apis/a.ts'] }))).toContain('no file');
    expect(whySkipped(api, push({}))).toBeUndefined();
  });

  it('takes no time to speak of, whatever its paths are', () => {
    const hostile = watching(...Array.from({ length: 20 }, () => '**a'.repeat(66)));
    const paths = Array.from({ length: 5_000 }, (_, index) => 'a'.repeat(400) + index);
    const from = performance.now();
    expect(whySkipped(hostile, push({ paths }))).toBeUndefined();
    expect(performance.now() - from).toBeLessThan(500);
  });
});
