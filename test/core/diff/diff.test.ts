import { describe, expect, it } from 'vitest';
import type { Change } from '../../../functions/core/diff/change.ts';
import { diffPinned, type Pinned, pinnedOf } from '../../../functions/core/diff/deployment-diff.ts';
import { maySecret } from '../../../functions/core/diff/sensitive.ts';
import type { DeploymentDetail } from '../../../functions/core/model/index.ts';
import { parseScore } from '../../../functions/core/score/file/parse.ts';
import type { ScoreWorkload } from '../../../functions/core/score/workload.ts';
import { expectLinear } from '../../support/cpu.ts';
import { everything } from '../score/fixtures.ts';

const base: ScoreWorkload = {
  apiVersion: 'score.dev/v1b1',
  metadata: { name: 'web' },
  service: { ports: { www: { port: 80, targetPort: 8080 } } },
  containers: { main: { image: '.', variables: { LEVEL: 'info' } } },
};

const pinned = (workload: ScoreWorkload, secrets: Record<string, string> = {}, version = 'v1'): Pinned => ({
  version,
  digest: `sha256:${version}`,
  workload,
  secrets: new Map(Object.entries(secrets)),
  variables: new Map(),
});

const diff = (before: ScoreWorkload, after: ScoreWorkload): Change[] =>
  diffPinned(pinned(before), pinned(after));

const container = (fields: Partial<ScoreWorkload['containers'][string]>): ScoreWorkload => ({
  ...base,
  containers: { main: { image: '.', ...fields } },
});

/** Each place of a value that holds no object or list, with a way to put something else there. */
function* leaves(value: unknown, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) {
      yield* leaves(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  } else yield path;
}

function changed(workload: ScoreWorkload, path: (string | number)[]): ScoreWorkload {
  const copy = structuredClone(workload);
  const last = path.at(-1)!;
  const holder = path.slice(0, -1).reduce<any>((at, key) => at[key], copy);
  const value = holder[last];
  holder[last] = typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value}1`;
  return copy;
}

describe('The difference of two deployments', () => {
  it('is none between what is the same, whatever the order of keys', () => {
    const workload = parseScore(everything);
    const reversed = JSON.parse(JSON.stringify(workload), (_key, value) =>
      value !== null && typeof value === 'object' && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    );
    expect(diff(workload, reversed)).toEqual([]);
  });

  it('names version and digest', () => {
    expect(diffPinned(pinned(base, {}, 'a'), pinned(base, {}, 'b'))).toEqual([
      { area: 'version', name: 'digest', change: 'changed', before: 'sha256:a', after: 'sha256:b' },
      { area: 'version', name: 'version', change: 'changed', before: 'a', after: 'b' },
    ]);
  });

  it('is all of a first deployment', () => {
    const changes = diffPinned(undefined, pinned(base, { 'env.API_KEY': '1' }));
    expect(new Set(changes.map(({ change }) => change))).toEqual(new Set(['added']));
    expect(changes.map(({ area, name }) => `${area} ${name}`)).toEqual([
      'version digest',
      'version version',
      'setting maxReplicas',
      'setting progressDeadlineSeconds',
      'setting replicas',
      'setting strategy',
      'container main',
      'variable LEVEL',
      'port www',
      'metadata name',
      'secret env.API_KEY',
    ]);
  });

  it('shows variables as they are written, with placeholders', () => {
    const after = container({ variables: { LEVEL: 'debug', URL: '${resources.db.url}' } });
    expect(diff(base, after)).toEqual([
      {
        area: 'variable',
        container: 'main',
        name: 'LEVEL',
        change: 'changed',
        before: 'info',
        after: 'debug',
      },
      { area: 'variable', container: 'main', name: 'URL', change: 'added', after: '${resources.db.url}' },
    ]);
    expect(diff(after, base).map(({ name, change }) => [name, change])).toEqual([
      ['LEVEL', 'changed'],
      ['URL', 'removed'],
    ]);
  });

  it('reads settings with their defaults', () => {
    const annotations = { 'berth.dev/replicas': '3', 'berth.dev/release-command': 'node "migrate now.js"' };
    const after = { ...base, metadata: { name: 'web', annotations } };
    expect(diff(base, after)).toEqual([
      { area: 'setting', name: 'maxReplicas', change: 'changed', before: '1', after: '3' },
      { area: 'setting', name: 'releaseCommand', change: 'added', after: 'node migrate now.js' },
      { area: 'setting', name: 'replicas', change: 'changed', before: '1', after: '3' },
    ]);
    const spelled = { ...base, metadata: { name: 'web', annotations: { 'berth.dev/replicas': '1' } } };
    expect(diff(base, spelled)).toEqual([]);
  });

  it('shows of a secret its name and versions alone', () => {
    expect(
      diffPinned(
        pinned(base, { 'env.A': '1', 'env.B': '1', 'env.C': '1' }),
        pinned(base, { 'env.A': '1', 'env.B': '2', 'env.D': '1' }),
      ),
    ).toEqual([
      { area: 'secret', name: 'env.B', change: 'changed', before: '1', after: '2' },
      { area: 'secret', name: 'env.C', change: 'removed', before: '1' },
      { area: 'secret', name: 'env.D', change: 'added', after: '1' },
    ]);
  });

  it('shows nothing of what a file holds', () => {
    const file = (content: string): ScoreWorkload => container({ files: { '/etc/app': { content } } });
    const [change, ...more] = diff(file('password = first'), file('password = other'));
    expect(more).toEqual([]);
    expect(change).toMatchObject({ area: 'file', name: '/etc/app', change: 'changed' });
    expect(JSON.stringify(change)).not.toMatch(/first|other/);
    expect(change?.before).toMatch(/^mode 0644, 16 characters, content [0-9a-f]{8}$/);
  });

  it('finds a container that came and one that went, with what they hold', () => {
    const after = { ...base, containers: { other: { image: '.', variables: { A: '1' } } } };
    expect(diff(base, after)).toEqual([
      { area: 'container', name: 'main', change: 'removed' },
      { area: 'container', name: 'other', change: 'added' },
      { area: 'variable', container: 'main', name: 'LEVEL', change: 'removed', before: 'info' },
      { area: 'variable', container: 'other', name: 'A', change: 'added', after: '1' },
    ]);
  });

  it('cuts long texts', () => {
    const [change] = diff(base, container({ variables: { LEVEL: 'x'.repeat(5000) } }));
    expect(change?.after).toBe(`${'x'.repeat(1000)}…`);
  });

  it('sees a change of any one thing that a Score file can say', () => {
    const workload = parseScore(everything);
    const paths = [...leaves(workload)].filter(([root]) => root !== 'apiVersion');
    expect(paths.length).toBeGreaterThan(50);
    for (const path of paths) {
      const isSetting = String(path[2] ?? '').startsWith('berth.dev/');
      const other =
        isSetting && path[2] === 'berth.dev/replicas' ? structuredClone(workload) : changed(workload, path);
      if (isSetting && path[2] === 'berth.dev/replicas')
        other.metadata.annotations!['berth.dev/replicas'] = '5';
      expect(diff(workload, other).length, path.join('.')).toBeGreaterThan(0);
      expect(diff(other, workload).length, path.join('.')).toBe(diff(workload, other).length);
    }
  });

  it('takes names that mean something to JavaScript as any other', () => {
    const workload = container({
      variables: JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}'),
    });
    expect(diff(container({}), workload).map(({ name }) => name)).toEqual([
      '__proto__',
      'constructor',
      'toString',
    ]);
    expect(diff(workload, container({})).map(({ change }) => change)).toEqual([
      'removed',
      'removed',
      'removed',
    ]);
  });
});

describe('What may be a secret in the open', () => {
  const shown: [string, string][] = [
    ['LEVEL', 'debug'],
    ['DATABASE_URL', 'postgres://${resources.db.username}:${resources.db.password}@${resources.db.host}/x'],
    ['API_KEY', '${resources.env.API_KEY}'],
    ['DB_PASSWORD', '${resources.db.password}'],
    ['URL', 'https://example.com:8080/path@home'],
    ['MONKEY', 'see'],
    ['AUTHOR', 'Ada'],
    ['COMPASS', 'north'],
    ['KEYBOARD', 'qwerty'],
  ];
  const hidden: [string, string][] = [
    ['DB_PASSWORD', 'hunter2'],
    ['PASSWORD', 'hunter2'],
    ['dbPassword', 'hunter2'],
    ['DBPASSWORD', 'hunter2'],
    ['MyAPIKey', 'abc'],
    ['API_KEY', 'abc'],
    ['apiKey', 'abc'],
    ['STRIPE_SECRET', 'abc'],
    ['GITHUB_TOKEN', 'abc'],
    ['SIGNING_KEY', 'abc'],
    ['key', 'abc'],
    ['DATABASE_URL', 'postgres://ada:hunter2@db/x'],
    ['DATABASE_URL', 'postgres://${resources.db.username}:hunter2@${resources.db.host}/x'],
    ['CONFIG', 'AKIAABCDEFGHIJKLMNOP'],
    ['CONFIG', 'ghp_0123456789abcdef0123456789abcdef0123'],
    ['CONFIG', '-----BEGIN RSA PRIVATE KEY-----'],
    ['API_KEY', 'prefix-${resources.env.API_KEY}'],
  ];
  it.each(shown)('%s=%s is shown', (name, text) => expect(maySecret(name, text)).toBe(false));
  it.each(hidden)('%s=%s is not', (name, text) => {
    expect(maySecret(name, text)).toBe(true);
    const after = container({ variables: { [name]: text } });
    const changes = diff(container({}), after);
    expect(changes).toEqual([{ area: 'variable', container: 'main', name, change: 'added', hidden: true }]);
    // The one that is secret hides the other too: it may be the same with one letter changed.
    expect(diff(after, container({ variables: { [name]: 'x' } }))[0]).toMatchObject({ hidden: true });
  });

  it('is told fast of hostile text', () => {
    expectLinear(20_000, (size) => {
      for (const text of [
        '://'.repeat(size),
        `://${'a:'.repeat(size)}`,
        '${'.repeat(size),
        'eyJ'.repeat(size),
      ])
        maySecret('CONFIG', text);
      maySecret('PASS'.repeat(size), 'x');
    });
  });
});

describe('What a deployment pins', () => {
  it('are versions of the secrets that its workload refers to, and no others', () => {
    const workload: ScoreWorkload = {
      ...container({
        variables: { A: '${resources.env.A}', B: '${resources.env.B}', U: '${resources.db.url}' },
      }),
      resources: { env: { type: 'environment' }, db: { type: 'postgres' } },
    };
    const reference = (secret: string, version: string) => ({ secret, version });
    const deployment = {
      version: 'v1',
      digest: 'sha256:v1',
      workload,
      outputs: {
        env: { values: {}, secrets: { A: reference('p/A', '7'), UNUSED: reference('p/UNUSED', '1') } },
        db: { values: { host: 'h' }, secrets: { url: reference('p/url', '3') } },
      },
    } as unknown as DeploymentDetail;
    expect(pinnedOf(deployment).secrets).toEqual(
      new Map([
        ['db.url', '3'],
        ['env.A', '7'],
      ]),
    );
  });
});
