/** Which project may use which repositories by the GitHub App. */
import { expect, it } from 'vitest';
import {
  isAllowedByApp,
  isAppRulePattern,
  originOfApi,
  readToken,
} from '../../../functions/core/git/github-app.ts';

const rules = [
  { project: 'shop', repository: 'Octo/shop-*' },
  { project: 'shop', repository: 'octo/site' },
  { project: 'all', repository: 'octo/*' },
];

it('A rule is for its project and for names that it fits, in letters of either case', () => {
  for (const name of ['octo/shop-api', 'OCTO/SITE', 'octo/shop-'])
    expect(isAllowedByApp(rules, 'shop', name), name).toBe(true);
  for (const name of ['octo/shop', 'octo/site2', 'octo2/site', 'octo', 'x/octo/site', ''])
    expect(isAllowedByApp(rules, 'shop', name), name).toBe(false);
  expect(isAllowedByApp(rules, 'shop2', 'octo/site')).toBe(false);
  expect(isAllowedByApp([], 'shop', 'octo/site')).toBe(false);
});

it('What leads to another repository is the name of none', () => {
  for (const name of [
    'octo/..',
    'octo/.',
    'octo/a/../../evil/b',
    'octo/a?b',
    'octo/a%2f..',
    'octo/a b',
    'octo/*',
  ])
    expect(isAllowedByApp(rules, 'all', name), name).toBe(false);
});

it('A rule writes its owner out', () => {
  for (const pattern of ['octo/*', 'octo/shop', 'octo/*-api', 'octo-2/a.b_c'])
    expect(isAppRulePattern(pattern), pattern).toBe(true);
  for (const pattern of [
    '*',
    '*/*',
    '*/shop',
    'oct*/shop',
    'octo/**',
    'octo/a**',
    'octo/a/b',
    'octo/',
    '/shop',
    '-o/a',
    'octo/ä',
  ])
    expect(isAppRulePattern(pattern), pattern).toBe(false);
});

it('The address of the API tells where repositories are', () => {
  expect(originOfApi('https://api.github.com')).toBe('https://github.com');
  expect(originOfApi('https://github.example.com/api/v3')).toBe('https://github.example.com');
  expect(originOfApi('https://api.octo.ghe.com')).toBe('https://octo.ghe.com');
});

it('A token that is for other repositories than the one that it was asked for is told from one that is not', () => {
  const read = (more: object) =>
    readToken({ token: 't', expires_at: '2026-01-01T01:00:00Z', ...more }, 'octo/shop').isForOthers;
  const of = (...names: string[]) => ({ repositories: names.map((name) => ({ full_name: name })) });
  for (const more of [{}, of('Octo/Shop'), { repository_selection: 'selected', ...of('octo/shop') }])
    expect(read(more), JSON.stringify(more)).toBe(false);
  for (const more of [of('octo/secret'), of('octo/shop', 'octo/secret'), { repository_selection: 'all' }])
    expect(read(more), JSON.stringify(more)).toBe(true);
});
