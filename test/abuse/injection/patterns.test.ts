/**
 * Every pattern for names and texts matches the whole text, not a part of it, and in time that grows no faster than
 * the text. The patterns come from the API's document, so that a new one is tested too.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paramForms } from '../../../functions/api/http/params.ts';
import { isToken } from '../../../functions/core/authorization/token-format.ts';
import { isName } from '../../../functions/core/names.ts';
import { checkGitRef, parseGitUrl } from '../../../functions/core/source/git-source.ts';
import { matchesWildcard } from '../../../functions/core/wildcard.ts';
import { createSubject, expectProblem, person, type Subject, seed } from '../../api/support.ts';
import { expectLinear } from '../../support/cpu.ts';

let subject: Subject;
let patterns: Map<string, RegExp>;
/** The API as somebody who may do everything. */
const boss = (method: string, path: string, body?: unknown) =>
  subject.api(method, path, body, { authorization: 'Bearer boss' });
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
  subject.people.set('boss', person('boss', { administrator: true }));
  patterns = new Map(Object.entries(paramForms).map(([name, { pattern }]) => [`{${name}}`, pattern]));
  const { body } = await subject.api('GET', '/v1/openapi.json');
  collect(body, '#');
});
afterAll(() => subject.close());

function collect(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (key === 'pattern' && typeof child === 'string')
      patterns.set(`${path} ${child}`, new RegExp(child, 'u'));
    else collect(child, `${path}/${key}`);
  }
}

/** Letters that patterns repeat, and an end that fits none. */
const PUMPS = [
  'a',
  'a-',
  '-',
  'a.',
  '0',
  '0.',
  ' ',
  'a ',
  '/',
  'a/',
  'A',
  'a:',
  '=aa',
  '_',
  '\n',
  'a@',
  '%',
  'é',
];

describe('Patterns', () => {
  it('are many', () => expect(patterns.size).toBeGreaterThan(15));

  it('hold for the whole text: no line break at either end, and no second line', () => {
    for (const [where, pattern] of patterns) {
      expect(pattern.flags, where).not.toMatch(/[mgy]/);
      for (const text of [
        'a',
        'demo',
        'user:ada',
        '1',
        '2026-01-01T00:00:00.000Z',
        'A_KEY',
        '3f2a9c01b7de',
      ]) {
        if (!pattern.test(text)) continue;
        for (const changed of [
          `${text}\n`,
          `\n${text}`,
          `${text}\n;x`,
          `x;\n${text}`,
          `${text}\r`,
          `${text}\u0000`,
          `${text}\u2028`,
        ]) {
          expect(pattern.test(changed), `${where} takes ${JSON.stringify(changed)}`).toBe(false);
        }
      }
    }
  });

  it('take no time that grows faster than the text', () => {
    for (const pattern of patterns.values()) {
      expectLinear(30_000, (size) => {
        for (const pump of PUMPS) {
          for (const end of ['!', '\n', '-', '']) pattern.test(pump.repeat(size) + end);
        }
      });
    }
  });

  it('of hand-written checks take none either', () => {
    const wrapped = (check: () => unknown): void => {
      try {
        check();
      } catch {
        // Refused, which is as good.
      }
    };
    expectLinear(50_000, (size) => {
      for (const pump of PUMPS) {
        const text = pump.repeat(size);
        isName(text);
        isToken(`berth_${text}`);
        wrapped(() => checkGitRef(text));
        wrapped(() => parseGitUrl(`https://x/${text}`, true));
        for (const pattern of ['*a*a*a*a*b', '**a**a**b', `${'*a'.repeat(40)}*b`, `${'**'.repeat(100)}x`]) {
          matchesWildcard(pattern, text.slice(0, size / 100));
        }
      }
    });
  });
});

describe('Names', () => {
  const ends = [
    '\n',
    '\r\n',
    '\u0000',
    '\u2028',
    '\u0085',
    ' ',
    '\t',
    '\u200b',
    '\ufeff',
    ';',
    '$(id)',
    '`id`',
    '|',
    "'",
    '"',
    '\\',
  ];

  it.each<[string, string, (name: string) => object]>([
    ['a project', '/v1/projects', (name) => ({ name })],
    ['a service', '/v1/projects/demo/services', (name) => ({ name })],
    ['an environment', '/v1/projects/demo/environments', (name) => ({ name })],
    [
      'a tag of a version',
      '/v1/projects/demo/services/guestbook/builds',
      (tag) => ({ tag, git: { url: 'https://a.example/a', ref: 'main' } }),
    ],
    [
      'an environment of a token',
      '/v1/tokens',
      (name) => ({ name: 'x', role: 'viewer', project: 'demo', environments: [name] }),
    ],
    ['a project of a token', '/v1/tokens', (project) => ({ name: 'x', role: 'viewer', project })],
  ])('of %s take nothing behind them', async (_what, path, body) => {
    const before = await stored();
    for (const end of ends) {
      for (const name of [`name${end}`, `${end}name`, `na${end}me`]) {
        expectProblem(await boss('POST', path, body(name)), 400, 'invalid_request');
      }
    }
    expect(await stored()).toEqual(before);
  });

  it.each([
    'ｎame',
    'nаme',
    'name\u0301',
    'NAME',
    'ﬁle',
    'n\u200dame',
    'xn--',
    'name.',
    '.',
    '..',
    '-',
    '--help',
    '~',
    '*',
  ])('%j is none, nor another way to write one', async (name) => {
    if (name === 'xn--') return expect(isName(name)).toBe(false);
    expectProblem(await subject.api('POST', '/v1/projects', { name }), 400, 'invalid_request');
  });
});

const stored = async (): Promise<number[]> =>
  Promise.all(
    ['/v1/projects', '/v1/projects/demo/services', '/v1/projects/demo/environments', '/v1/tokens'].map(
      async (path) => (await boss('GET', path)).body.items.length as number,
    ),
  );
