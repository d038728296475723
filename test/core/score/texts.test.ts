import { expect, it } from 'vitest';
import { replaceInContainer, replaceInParams } from '../../../functions/core/score/texts.ts';

it('replaces what expands in a container, and nothing else', () => {
  const container = {
    image: 'a',
    command: ['a'],
    args: ['a'],
    variables: { NAME: 'a' },
    files: {
      '/b': { content: 'a', mode: '0600' },
      '/c': { content: 'a', noExpand: true },
      '/d': { source: 'a' },
    },
    volumes: { '/e': { source: 'a', path: 'a' } },
  };
  const before = structuredClone(container);
  expect(replaceInContainer('main', container, (text, { part }) => `${text} ${part}`)).toEqual({
    ...container,
    variables: { NAME: 'a variable' },
    files: { ...container.files, '/b': { content: 'a file', mode: '0600' } },
    volumes: { '/e': { source: 'a volume', path: 'a' } },
  });
  expect(container).toEqual(before);
});

it('replaces text at any depth of params, not keys, and leaves the rest and the original alone', () => {
  const params = { a: ['x', { '${metadata.k}': 'y' }], n: 1, t: true, z: null };
  const before = structuredClone(params);
  const places: unknown[] = [];
  const replaced = replaceInParams('db', params, (text, place) => {
    places.push(place);
    return `<${text}>`;
  });
  expect(replaced).toEqual({ a: ['<x>', { '${metadata.k}': '<y>' }], n: 1, t: true, z: null });
  expect(params).toEqual(before);
  expect(places).toEqual([
    { where: 'resources.db.params.a[0]', part: 'param', resource: 'db' },
    { where: 'resources.db.params.a[1]["${metadata.k}"]', part: 'param', resource: 'db' },
  ]);
});
