import { describe, expect, it } from 'vitest';
import { workloadSettings } from '../../../functions/core/score/settings.ts';
import { detectDockerfile } from '../../../functions/core/source/detect.ts';
import { confineDockerfile } from '../../../functions/core/source/dockerfile.ts';

const settingsOf = (annotations: Record<string, string>) =>
  workloadSettings({ metadata: { name: 'web', annotations } }).build;

describe('Annotations of a build', () => {
  it('name a Dockerfile, a stage and arguments', () => {
    expect(settingsOf({})).toBeUndefined();
    expect(
      settingsOf({
        'berth.dev/dockerfile': './docker/Dockerfile.web',
        'berth.dev/build-target': 'production',
        'berth.dev/build-args': "NODE_VERSION=22 'GREETING=Good day' EMPTY=",
      }),
    ).toEqual({
      dockerfile: 'docker/Dockerfile.web',
      target: 'production',
      args: { NODE_VERSION: '22', GREETING: 'Good day', EMPTY: '' },
    });
  });

  it.each([
    ['dockerfile', '../Dockerfile'],
    ['dockerfile', '/etc/passwd'],
    ['dockerfile', '--output=/'],
    ['dockerfile', '.'],
    ['build-target', '--x'],
    ['build-target', '0'],
    ['build-args', 'NODE_VERSION'],
    ['build-args', '=x'],
    ['build-args', 'A=1 A=2'],
    ['build-args', 'A=$B'],
    ['build-args', 'A=$(cat /etc/passwd)'],
    ['build-args', 'TARGETOS=dir:/etc'],
    ['build-args', 'HTTP_PROXY=http://evil.example'],
    ['build-args', 'BUILDKIT_SYNTAX=evil/frontend'],
    ['build-args', `A=${'x'.repeat(4096)}`],
  ])('are refused: %s %j', (name, text) => {
    expect(() => settingsOf({ [`berth.dev/${name}`]: text })).toThrow(/berth\.dev/);
  });
});

describe('Arguments of a Dockerfile', () => {
  const bases = (text: string, args?: Record<string, string>) =>
    confineDockerfile(text, 'scope', args).bases.map(({ name }) => name);

  it('choose what it stands on, which is checked with their values', () => {
    const text =
      'ARG BASE=debian:13\nARG TAG\nFROM ${BASE}\nCOPY --from=ghcr.io/acme/tools:1 /x /x\nFROM ghcr.io/acme/base:${TAG:-1}';
    expect(bases(text)).toEqual(['ghcr.io/acme/tools:1', 'ghcr.io/acme/base:1']);
    expect(bases(text, { BASE: 'acme/web', TAG: '2' })).toEqual([
      'docker.io/acme/web:latest',
      'ghcr.io/acme/tools:1',
      'ghcr.io/acme/base:2',
      'ghcr.io/acme/base:1',
    ]);
    for (const BASE of ['dir:/etc', 'localhost/berth-51613ab291ba3f83:1f', '073'])
      expect(() => bases(text, { BASE }), BASE).toThrow(/can not be built here/);
  });

  it.each([
    ['that are given and not asked for', 'FROM ${X:-dir:/etc}', { X: 'debian' }],
    ['of a stage', 'FROM debian\nARG X=debian\nFROM ${X:-dir:/etc}', {}],
  ])('%s do not hide what engines take in their place', (_which, text, args) => {
    expect(() => bases(text, args)).toThrow(/can not be built here/);
  });
});

describe('A Procfile beside a Dockerfile', () => {
  it('has the processes beside the command of the image, and the release command', () => {
    const files = new Map([
      ['Dockerfile', 'FROM x'],
      ['Procfile', 'web: ignored\nworker: python worker.py\nrelease: python migrate.py\npiped: a | b\n'],
    ]);
    expect(detectDockerfile(files)).toMatchObject({
      detected: 'built by its Dockerfile',
      releaseCommand: 'python migrate.py',
      processes: { worker: ['python', 'worker.py'] },
      notes: [expect.stringContaining('web is left out'), expect.stringContaining('piped does not run')],
    });
    expect(detectDockerfile(files, 'docker/Dockerfile')).toBeUndefined();
    expect(detectDockerfile(new Map([...files, ['score.yaml', undefined]]))).toMatchObject({
      releaseCommand: 'python migrate.py',
      notes: expect.arrayContaining([expect.stringContaining('score.yaml has a container worker')]),
    });
  });
});
