import { describe, expect, it } from 'vitest';
import { Problem } from '../../../../functions/core/problem.ts';
import { checkScore, parseScore } from '../../../../functions/core/score/file/parse.ts';
import { SCORE_MAX_BYTES } from '../../../../functions/core/score/file/score-limits.ts';
import { costOf } from '../../../support/cpu.ts';
import { everything, least } from '../fixtures.ts';

/** What it costs to read the largest file that is fine, full of variables. */
const largest = (): string => {
  const line = (n: number) => `      NAME_${n}: "${'text '.repeat(20)}"\n`;
  return `${least}    variables:\n${Array.from({ length: 2000 }, (_, n) => line(n)).join('')}`;
};
const LARGEST_MS = costOf(() => parseScore(largest()));

/** Runs it: refused with a problem of the caller's, at a cost like that of a file that is fine. Returns the messages. */
function refused(run: () => unknown): string {
  let thrown: unknown;
  const cost = costOf(() => {
    try {
      run();
    } catch (error) {
      thrown = error;
    }
  });
  expect(cost).toBeLessThan(LARGEST_MS * 20);
  expect(thrown).toBeInstanceOf(Problem);
  const problem = thrown as Problem;
  expect(problem.status).toBeGreaterThanOrEqual(400);
  expect(problem.status).toBeLessThan(500);
  const errors = problem.extra.errors as { path: string; message: string }[];
  expect(errors.length).toBeGreaterThan(0);
  expect(JSON.stringify(problem.extra).length).toBeLessThan(100_000);
  // Nothing that a terminal or a page would act on.
  expect(`${problem.message}${JSON.stringify(errors)}`).not.toMatch(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/,
  );
  return `${problem.message} ${JSON.stringify(errors)}`;
}

const fill = (unit: string, bytes = SCORE_MAX_BYTES): string => unit.repeat(Math.floor(bytes / unit.length));

describe('YAML that is more than data', () => {
  it.each([
    ['an anchor', `${least}resources: &a {}`],
    ['an anchor on a key', `${least}&a resources: {}`],
    ['an alias', `${least}resources: *a`],
    ['an anchor in a list', `${least.replace('image: .', 'image: .\n    args: [&a b, *a]')}`],
    ['billions of laughs', `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n${least}`],
    ['an alias of itself', `a: &a [*a]\n${least}`],
    ['a core tag', `${least.replace('image: .', 'image: !!str .')}`],
    ['a tag of its own', `${least.replace('image: .', 'image: !secret .')}`],
    ['a JavaScript tag', `${least}resources: !!js/function "function () {}"`],
    ['a verbatim tag', `${least}resources: !<tag:yaml.org,2002:map> {}`],
    ['a binary tag', `${least.replace('image: .', 'image: !!binary Lg==')}`],
    ['a merge key', `${least.replace('image: .', '<<: {image: .}')}`],
    ['a quoted merge key', `${least.replace('image: .', '"<<": {image: .}')}`],
    ['a merge key in free metadata', least.replace('name:', '<<: {a: b}\n  name:')],
    ['a version directive', `%YAML 1.1\n---\n${least}`],
    ['a tag directive', `%TAG ! tag:example.org,2000:\n---\n${least}`],
    ['a second document', `${least}---\n${least}`],
    ['an empty second document', `${least}---\n`],
  ])('%s', (_, text) => {
    refused(() => parseScore(text));
  });

  it.each([
    ['in a block', `${least}containers: {}`],
    ['in braces', least.replace('image: .', 'variables: {A: a, B: b, A: c}')],
    ['in free metadata', least.replace('name:', 'x: 1\n  "x": 2\n  name:')],
    ['in JSON', '{"apiVersion": "score.dev/v1b1", "apiVersion": "score.dev/v1b1"}'],
    ['spelled by an escape', '{"apiVersion": 1, "api\\u0056ersion": 2}'],
  ])('the same key twice %s', (_, text) => {
    expect(refused(() => parseScore(text))).toContain('occurs twice');
  });

  it('reads what only looks like it as text', () => {
    const workload = parseScore(
      `${least}    variables: {A: "&a", B: "*b", C: "!c", D: "%d", E: "yes", F: "1e3", G: 'a & b * c ! d % e'}\n    args:\n    - a & b * c ! % <<\n    - |\n      *a &b !c\n      %YAML\n`,
    );
    expect(workload.containers.main?.variables?.G).toBe('a & b * c ! d % e');
    expect(workload.containers.main?.args).toEqual(['a & b * c ! % <<', '*a &b !c\n%YAML\n']);
  });
});

it('tells where an anchor is', () => {
  const text = `${least}    args: ["a b", 'c', d]\n    variables: {A: b, "C": &d e}`;
  expect(refused(() => parseScore(text))).toContain('line 8, column 28');
});

it('reads keys that look like numbers as text', () => {
  const workload = parseScore(
    `${least}resources: {db: {type: pg, params: {8080: a, true: b, 1.50: c, null: d}}}`,
  );
  expect(workload.resources?.db?.params).toEqual({ '8080': 'a', true: 'b', '1.50': 'c', null: 'd' });
});

describe('names of JavaScript', () => {
  const keys = ['__proto__', 'constructor', 'prototype', '\\u005f_proto__'];

  it.each(keys)('%s is refused at every place', (key) => {
    const places = [
      `"${key}": {}\n${least}`,
      least.replace('name:', `"${key}": {polluted: true}\n  name:`),
      least.replace('name:', `deep: [{a: {"${key}": {polluted: true}}}]\n  name:`),
      `${least}    variables: {"${key}": a}`,
      `${least}    files: {"${key}": {content: a}}`,
      `${least}    files: [{target: /a, content: a, "${key}": {}}]`,
      `${least}resources: {"${key}": {type: postgres}}`,
      `${least}resources: {db: {type: postgres, params: {"${key}": {polluted: true}}}}`,
      `${least}resources: {db: {type: postgres, params: {a: [{"${key}": 1}]}}}`,
    ];
    for (const text of places) expect(refused(() => parseScore(text))).toContain('never allowed');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('is refused in a JSON value', () => {
    const value = JSON.parse(`{"metadata": {"name": "aa", "x": {"__proto__": {"polluted": true}}}}`);
    expect(refused(() => checkScore(value))).toContain('never allowed');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('values that are not JSON', () => {
  class Thing {
    name = 'aa';
  }
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const wide = Array.from({ length: 300_000 }, () => 1);
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['text', 'apiVersion'],
    ['a list', []],
    ['a function', { metadata: () => 1 }],
    ['a big integer', { metadata: { name: 'aa', a: 1n } }],
    ['a symbol', { metadata: Symbol('a') }],
    ['a date', { metadata: new Date() }],
    ['a map', { metadata: new Map([['name', 'aa']]) }],
    ['an instance', { metadata: new Thing() }],
    ['a circle', circle],
    ['infinity', { metadata: { name: 'aa', a: Number.POSITIVE_INFINITY } }],
    ['not a number', { metadata: { name: 'aa', a: Number.NaN } }],
    ['a million characters', { metadata: { name: 'a'.repeat(1_000_000) } }],
    ['a key of a million characters', { ['a'.repeat(1_000_000)]: 1 }],
    ['a wide list', { metadata: { name: 'aa', wide } }],
    ['half a surrogate pair', { metadata: { name: 'aa', a: '\ud800' } }],
  ])('%s', (_, value) => {
    refused(() => checkScore(value));
  });

  it.each(['.nan', '.inf', '-.inf', '1e999', '12345678901234567890', '0xFFFFFFFFFFFFFFFFFF'])(
    'the number %s',
    (number) => {
      refused(() => parseScore(least.replace('name:', `number: ${number}\n  name:`)));
    },
  );
});

it('tells what makes a value no JSON', () => {
  expect(refused(() => checkScore({ metadata: { name: 'aa', at: new Date() } }))).toContain('class');
  expect(refused(() => checkScore({ metadata: { name: 'aa', wide: Array(300_000).fill(1) } }))).toContain(
    'KiB',
  );
  expect(refused(() => checkScore({ metadata: { name: 'aa', ['a'.repeat(300_000)]: 1 } }))).toContain('KiB');
});

describe('depth', () => {
  it.each([
    ['brackets', fill('[')],
    ['braces', fill('{a: ')],
    ['both', fill('[{a: ')],
    ['dashes', fill('- ')],
    ['question marks', fill('? ')],
    ['both of them', fill('? - ')],
    ['indentation', Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['closed brackets', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['params', `${least}resources: {db: {type: postgres, params: ${'{a: '.repeat(64)}1${'}'.repeat(64)}}}`],
  ])('of %s', (_, text) => {
    refused(() => parseScore(text));
  });

  it('of a JSON value', () => {
    const text = `{"metadata": ${'['.repeat(5000)}${']'.repeat(5000)}}`;
    expect(refused(() => checkScore(JSON.parse(text)))).toContain('deep');
  });

  it('is enough for what is real', () => {
    const params = `${'{a: '.repeat(24)}1${'}'.repeat(24)}`;
    expect(() => parseScore(`${least}resources: {db: {type: postgres, params: ${params}}}`)).not.toThrow();
  });
});

describe('size', () => {
  it('of the text is measured in bytes', () => {
    const comment = (bytes: number) => `${least}#${'x'.repeat(bytes - least.length - 1)}`;
    expect(() => parseScore(comment(SCORE_MAX_BYTES))).not.toThrow();
    refused(() => parseScore(comment(SCORE_MAX_BYTES + 1)));
    refused(() => parseScore(`${least}#${'é'.repeat(SCORE_MAX_BYTES / 2)}`));
  });

  it('of the result is measured too', () => {
    const content = '"'.repeat(150_000);
    expect(refused(() => parseScore(`${least}    files: {/a: {content: '${content}'}}`))).toContain('KiB');
  });

  it.each([
    ['text', 'x'.repeat(1_000_000)],
    ['a file', `${everything}${'#'.repeat(1_000_000)}`],
    ['emoji', '🚢'.repeat(250_000)],
  ])('a million characters of %s', (_, text) => {
    refused(() => parseScore(text));
  });
});

it('of many small parts, too', () => {
  expect(refused(() => parseScore(`[${'a,'.repeat(30_000)}]`))).toContain('too many parts');
});

describe('text that is slow to read for some', () => {
  const units = [
    '\n',
    '\r\n',
    '\r',
    ' ',
    '\t',
    '#',
    '# \n',
    '-',
    '-\n',
    '- #\n',
    '?',
    '? a\n',
    ':',
    ': a\n',
    ': ',
    ',',
  ];
  const more = [
    '[',
    ']',
    '{',
    '}',
    '[]',
    '{}',
    '[}',
    '"',
    "'",
    "''",
    '" ',
    '"":',
    'a:',
    'a: ',
    'a: b: ',
    'a\n',
    '|\n',
  ];
  const rest = [
    '>\n',
    '&a ',
    '*a ',
    '!a ',
    '!',
    '%a\n',
    '---\n',
    '...\n',
    '<<: ',
    '@',
    '`',
    '\\',
    '\uFEFF',
    '🚢',
    '\u2028',
  ];
  it.each([...units, ...more, ...rest])('%j all over', (unit) => {
    refused(() => parseScore(fill(unit, SCORE_MAX_BYTES / 8)));
    refused(() => parseScore(`[${fill(unit, SCORE_MAX_BYTES / 8)}]`));
    refused(() => parseScore(`a: "${fill(unit, SCORE_MAX_BYTES / 8)}`));
    refused(() => parseScore(`a: |\n  ${fill(unit, SCORE_MAX_BYTES / 8)}`));
  });

  it.each([
    ['many keys', `{${Array.from({ length: 20_000 }, (_, n) => `k${n}`).join(',')}}`],
    ['many lines', Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n')],
    [
      'many unknown keys of a container',
      `${least}${Array.from({ length: 3000 }, (_, n) => `    k${n}: 1\n`).join('')}`,
    ],
    [
      'many bad names',
      `${least}resources:\n${Array.from({ length: 3000 }, (_, n) => `  K${n}: {type: a}\n`).join('')}`,
    ],
    ['a long key over much', `{"${'k'.repeat(200_000)}": [${'1,'.repeat(9000)}1]}`],
    ['a long number', least.replace('name:', `n: ${'1'.repeat(200_000)}\n  name:`)],
    ['a long fraction', least.replace('name:', `n: 0.${'0'.repeat(200_000)}x\n  name: A\n  b:`)],
  ])('%s', (_, text) => {
    refused(() => parseScore(text));
  });

  it.each([
    ['name', least.replace('guestbook', `${'a-'.repeat(50_000)}`)],
    ['annotation', least.replace('name:', `annotations: {? "${'a.'.repeat(50_000)}/" : x}\n  name:`)],
    ['host name', least.replace('name:', `annotations: {? "${'a0.'.repeat(50_000)}" : x}\n  name:`)],
    ['id', `${least}resources: {db: {type: postgres, id: ${'a-'.repeat(50_000)}}}`],
    ['dots of an id', `${least}resources: {db: {type: postgres, id: ${'aa.'.repeat(50_000)}}}`],
    ['memory', `${least}    resources: {limits: {memory: "${'1'.repeat(100_000)}"}}`],
    ['cpu', `${least}    resources: {limits: {cpu: "${'1'.repeat(100_000)}mm"}}`],
    ['base64', `${least}    files: {/a: {binaryContent: "${'A'.repeat(100_000)}=="}}`],
    [
      'header',
      `${least}    livenessProbe: {httpGet: {port: 1, path: /, httpHeaders: [{name: "${'a'.repeat(100_000)} ", value: x}]}}`,
    ],
    ['target', `${least}    files: {? "/${'../'.repeat(50_000)}" : {content: x}}`],
    ['path', `${least}    volumes: {/a: {source: x, path: "${'a/'.repeat(50_000)}.."}}`],
  ])('a pattern for the %s', (_, text) => {
    refused(() => parseScore(text));
  });

  it('many containers in a chain, and then a circle', () => {
    const name = (n: number) => `c${n}x`;
    const chain = Array.from(
      { length: 500 },
      (_, n) => `  ${name(n)}: {image: ., before: {${name(n + 1)}: {ready: started}}}\n`,
    );
    const head = 'apiVersion: score.dev/v1b1\nmetadata: {name: aa}\ncontainers:\n';
    expect(() => parseScore(`${head}${chain.join('')}  c500x: {image: .}\n`)).not.toThrow();
    const circle = `${head}${chain.join('')}  c500x: {image: ., before: {c0x: {ready: started}}}\n`;
    expect(refused(() => parseScore(circle))).toContain('circle');
  });
});

describe('characters', () => {
  it.each(['\u0000', '\u0001', '\u0002', '\u0007', '\u0018', '\u001b', '\u001f', '\u007f', '\u0090'])(
    '%j is no part of a file',
    (char) => {
      refused(() => parseScore(`${least}    args: ["${char}"]`));
      refused(() => parseScore(`${least}    args:\n    - a${char}b\n`));
      refused(() => parseScore(`${least}    args:\n    - |\n      a${char}b\n`));
      refused(() => parseScore(`${char}${least}`));
    },
  );

  it('U+0000 and half surrogate pairs are not even escaped', () => {
    refused(() => parseScore(`${least}    args: ["\\0"]`));
    refused(() => parseScore(`${least}    args: ["\\u0000"]`));
    refused(() => parseScore(`${least}    variables: {"a\\0b": c}`));
    refused(() => parseScore(`${least}    args: ["\\ud800"]`));
    refused(() => parseScore(`${least}    args: ["\ud800"]`));
  });

  it('keys at fault are shown harmless and short', () => {
    for (const key of [
      '\\u001b[31mred',
      '\\u202Eevil',
      '<script>',
      '\\r\\nX: y',
      '🚢'.repeat(300),
      'k'.repeat(900),
    ]) {
      const text = refused(() => parseScore(`${least}    "${key}": 1`));
      expect(text.length).toBeLessThan(2000);
    }
  });

  it('emoji and escapes are kept as text', () => {
    const workload = parseScore(`${least}    args: ["🚢", "\\ud83d\\udea2", "\\e[1m", 'ä']\n`);
    expect(workload.containers.main?.args).toEqual(['🚢', '🚢', '\u001b[1m', 'ä']);
  });
});

it('a file cut or bent anywhere is read or refused, never worse', () => {
  const ROUNDS = 400;
  // A linear congruential generator: the same files in every run.
  let state = 42;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % below;
  };
  const inserts = [
    '{',
    '}',
    '[',
    ']',
    ':',
    ': ',
    '\n',
    '  ',
    '- ',
    '"',
    "'",
    '&a ',
    '*a',
    '!t ',
    '#',
    '|',
    '>',
    '\t',
    '\u0000',
    '${',
  ];
  const cost = costOf(() => {
    for (let round = 0; round < ROUNDS; round++) {
      const at = random(everything.length);
      const cut = random(3) === 0 ? random(40) : 0;
      const text = `${everything.slice(0, at)}${inserts[random(inserts.length)]}${everything.slice(at + cut)}`;
      try {
        parseScore(text);
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 422)
          throw new Error(`Worse than refused: ${text}`, { cause: error });
      }
    }
  });
  // A small file costs less than the largest one, whatever has become of it.
  expect(cost).toBeLessThan(LARGEST_MS * ROUNDS);
});
