import { describe, expect, it } from 'vitest';
import type { Version } from '../../client/types.generated.ts';
import { between } from '../../web/src/pages/operation/between.ts';

const version = (id: string, url?: string): Version => ({
  project: 'shop',
  service: 'web',
  id,
  digest: `sha256:${id}`,
  tags: [],
  source:
    url === undefined
      ? { kind: 'upload', sha256: id, bytes: 1 }
      : { kind: 'git', url, ref: 'refs/heads/main', commit: `${id}${id}` },
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'user:ada',
});
const idsOf = (versions: readonly Version[] = []) => versions.map(({ id }) => id);

describe('Versions between two deployments', () => {
  const versions = ['d', 'c', 'b', 'a'].map((id) => version(id));

  it('are those that were built since, up to the one that is deployed', () => {
    const found = between(versions, 'a', 'c');
    expect(idsOf(found?.versions)).toEqual(['c', 'b']);
    expect(found).toMatchObject({ isBack: false });
  });

  it('are those that go, where an older one is deployed', () => {
    const found = between(versions, 'd', 'b');
    expect(idsOf(found?.versions)).toEqual(['d', 'c']);
    expect(found).toMatchObject({ isBack: true });
  });

  it('are not known of the same version, and of one that is not listed any more', () => {
    expect(between(versions, 'b', 'b')).toBeUndefined();
    expect(between(versions, 'old', 'b')).toBeUndefined();
    expect(between(versions, 'b', 'old')).toBeUndefined();
  });

  it.each([
    ['https://github.com/octo/web.git', 'https://github.com/octo/web/compare/aa...bb'],
    ['https://gitlab.com/octo/group/web', 'https://gitlab.com/octo/group/web/-/compare/aa...bb'],
    ['https://me:secret@github.com/octo/web', 'https://github.com/octo/web/compare/aa...bb'],
    ['https://git.example.com/octo/web', undefined],
    ['git@github.com:octo/web.git', undefined],
  ])('are compared where the code is kept: %s', (url, compare) => {
    expect(between([version('b', url), version('a', url)], 'a', 'b')?.compare).toBe(compare);
  });

  it('of another repository are not compared', () => {
    const moved = [version('b', 'https://github.com/octo/new'), version('a', 'https://github.com/octo/old')];
    expect(between(moved, 'a', 'b')?.compare).toBeUndefined();
  });
});
