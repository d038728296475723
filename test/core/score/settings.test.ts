import { describe, expect, it } from 'vitest';
import { Problem } from '../../../functions/core/problem.ts';
import { workloadSettings } from '../../../functions/core/score/settings.ts';

const settings = (annotations?: Record<string, string>) =>
  workloadSettings({ metadata: { name: 'guestbook', ...(annotations ? { annotations } : {}) } });

function messageOf(annotations: Record<string, string>): string {
  try {
    settings(annotations);
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid_score') return error.message;
    throw error;
  }
  throw new Error('No problem was thrown');
}

const defaults = {
  replicas: 1,
  maxReplicas: 1,
  strategy: 'rolling',
  progressDeadlineSeconds: 120,
  minReadySeconds: 2,
  drainSeconds: 30,
  warmSeconds: 900,
  keepFailedSeconds: 0,
};

it('has defaults', () => {
  expect(settings()).toEqual(defaults);
  expect(settings({ 'example.org/replicas': '9', 'sub.berth.dev/replicas': '9', replicas: '9' })).toEqual(
    defaults,
  );
});

it('reads all there are', () => {
  expect(
    settings({
      'berth.dev/release-command': 'node migrate.js --to "$VERSION"',
      'berth.dev/replicas': '3',
      'berth.dev/max-replicas': '20',
      'berth.dev/strategy': 'recreate',
      'berth.dev/progress-deadline-seconds': '900',
      'berth.dev/min-ready-seconds': '899',
      'berth.dev/drain-seconds': '3600',
    }),
  ).toEqual({
    releaseCommand: ['node', 'migrate.js', '--to', '$(VERSION)'],
    replicas: 3,
    maxReplicas: 20,
    strategy: 'recreate',
    progressDeadlineSeconds: 900,
    minReadySeconds: 899,
    drainSeconds: 3600,
    warmSeconds: 0,
    keepFailedSeconds: 0,
  });
});

it('drains for a shorter time where nobody is served meanwhile', () => {
  expect(settings({ 'berth.dev/strategy': 'recreate' }).drainSeconds).toBe(5);
  expect(settings({ 'berth.dev/strategy': 'recreate', 'berth.dev/drain-seconds': '7' }).drainSeconds).toBe(7);
});

it('tries a canary with shares, times and checks, and other versions with what is asked of them', () => {
  const { rollout } = settings({
    'berth.dev/strategy': 'canary',
    'berth.dev/steps': '5% 30s,25% hold, 50%  1h',
    'berth.dev/bake-seconds': '20',
    'berth.dev/max-error-rate': '0.5%',
    'berth.dev/max-p99': '2s',
    'berth.dev/min-requests': '10',
    'berth.dev/check-url': '/healthz?deep=1',
    'berth.dev/check-command': 'node smoke.js',
    'berth.dev/check-webhook': 'https://checks.example.com/berth',
  });
  expect(rollout).toEqual({
    stages: [
      { percent: 5, seconds: 30 },
      { percent: 25 },
      { percent: 50, seconds: 3600 },
      { percent: 100, seconds: 20 },
    ],
    checks: {
      maxErrorRate: 0.5,
      maxP99Ms: 2000,
      minRequests: 10,
      url: '/healthz?deep=1',
      command: ['node', 'smoke.js'],
      webhook: 'https://checks.example.com/berth',
    },
  });
  const stagesOf = (strategy: string, more: Record<string, string> = {}) =>
    settings({ 'berth.dev/strategy': strategy, ...more }).rollout;
  expect(stagesOf('canary')).toMatchObject({ checks: { maxErrorRate: 5, minRequests: 50 } });
  expect(stagesOf('blue-green')?.stages).toEqual([
    { percent: 0, seconds: 0 },
    { percent: 100, seconds: 60 },
  ]);
  expect(stagesOf('rolling')).toBeUndefined();
  expect(stagesOf('rolling', { 'berth.dev/check-url': '/' })).toEqual({
    stages: [{ percent: 100, seconds: 60 }],
    checks: { minRequests: 50, url: '/' },
  });
});

it.each([
  ['steps', ''],
  ['steps', '10%'],
  ['steps', '10 2m'],
  ['steps', '0% 2m'],
  ['steps', '100% 2m'],
  ['steps', '10% 2m,'],
  ['steps', '10% 2'],
  ['steps', '50% 2m, 10% 2m'],
  ['steps', '50% 2m, 50% 2m'],
  ['steps', '10% 13h'],
  ['steps', Array.from({ length: 11 }, (_, at) => `${at + 1}% 1s`).join()],
  ['bake-seconds', '0'],
  ['bake-seconds', '3601'],
  ['max-error-rate', '2'],
  ['max-error-rate', '100%'],
  ['max-error-rate', '-1%'],
  ['max-p99', '0ms'],
  ['max-p99', '500'],
  ['max-p99', '301s'],
  ['min-requests', '0'],
  ['check-url', 'healthz'],
  ['check-url', '//elsewhere'],
  ['check-url', '/a b'],
  ['check-url', 'https://elsewhere'],
  ['check-command', 'a | b'],
  ['check-webhook', '/path'],
  ['check-webhook', 'file:///etc/passwd'],
  ['warm-seconds', '3601'],
  ['keep-failed-seconds', '-1'],
])('refuses of a canary %s %j', (name, value) => {
  const annotations = { 'berth.dev/strategy': 'canary', [`berth.dev/${name}`]: value };
  expect(messageOf(annotations)).toContain(`metadata.annotations["berth.dev/${name}"]`);
});

it('refuses steps of what is no canary, and two versions of what must not run twice', () => {
  expect(messageOf({ 'berth.dev/steps': '10% 2m' })).toContain('is for the strategy canary alone');
  for (const [name, value] of Object.entries({ 'check-url': '/', 'warm-seconds': '60', 'bake-seconds': '9' }))
    expect(messageOf({ 'berth.dev/strategy': 'recreate', [`berth.dev/${name}`]: value })).toContain(
      'two versions side by side',
    );
  expect(settings({ 'berth.dev/strategy': 'recreate', 'berth.dev/warm-seconds': '0' }).warmSeconds).toBe(0);
});

it('scales no further than the replicas by default', () => {
  expect(settings({ 'berth.dev/replicas': '4' }).maxReplicas).toBe(4);
});

describe('refuses', () => {
  it.each([
    ['replicas', '0'],
    ['min-ready-seconds', '120'],
    ['min-ready-seconds', '-1'],
    ['drain-seconds', '3601'],
    ['replicas', '21'],
    ['replicas', '-1'],
    ['replicas', '1.5'],
    ['replicas', '1e1'],
    ['replicas', '0x2'],
    ['replicas', ''],
    ['replicas', ' 2'],
    ['replicas', '2\n'],
    ['replicas', '9'.repeat(400)],
    ['max-replicas', '0'],
    ['max-replicas', '21'],
    ['strategy', 'Rolling'],
    ['strategy', ''],
    ['progress-deadline-seconds', '4'],
    ['progress-deadline-seconds', '901'],
    ['progress-deadline-seconds', '2m'],
    ['release-command', ''],
    ['release-command', '   '],
    ['release-command', 'a | b'],
    ['release-command', 'a && b'],
    ['release-command', '"a'],
    ['release-command', 'a'.repeat(5000)],
  ])('%s %j', (name, value) => {
    expect(messageOf({ [`berth.dev/${name}`]: value })).toContain(
      `metadata.annotations["berth.dev/${name}"]`,
    );
  });

  it('a maximum below the replicas', () => {
    expect(messageOf({ 'berth.dev/replicas': '5', 'berth.dev/max-replicas': '4' })).toContain('from 5 to 20');
  });

  it.each(['replica', 'Replicas', 'constructor', '__proto__', 'toString', 'release_command', 'x'])(
    'the unknown berth.dev/%s, and lists those there are',
    (name) => {
      const message = messageOf(JSON.parse(`{"berth.dev/${name}": "2"}`));
      for (const known of [
        'release-command',
        'replicas',
        'max-replicas',
        'strategy',
        'progress-deadline-seconds',
      ]) {
        expect(message).toContain(`berth.dev/${known}`);
      }
    },
  );

  it('all of them at once', () => {
    expect(messageOf({ 'berth.dev/replicas': '0', 'berth.dev/strategy': 'x' })).toContain('(and 1 more)');
  });

  it('without showing the command', () => {
    expect(messageOf({ 'berth.dev/release-command': 'psql hunter2 | cat' })).not.toContain('hunter2');
  });
});
