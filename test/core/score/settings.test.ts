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
  });
});

it('drains for a shorter time where nobody is served meanwhile', () => {
  expect(settings({ 'berth.dev/strategy': 'recreate' }).drainSeconds).toBe(5);
  expect(settings({ 'berth.dev/strategy': 'recreate', 'berth.dev/drain-seconds': '7' }).drainSeconds).toBe(7);
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
    ['strategy', 'canary'],
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
