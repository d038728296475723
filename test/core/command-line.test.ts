import { describe, expect, it } from 'vitest';
import { splitWords, WordsError } from '../../functions/core/command-line.ts';
import { expandVariables } from '../../functions/core/score/variable-expansion.ts';
import { expectLinear } from '../support/cpu.ts';

describe('splitWords', () => {
  it.each<[line: string, words: string[]]>([
    ['', []],
    ['  \t ', []],
    ['node server.js', ['node', 'server.js']],
    ['  node \t server.js  ', ['node', 'server.js']],
    ['node -e "a b" \'c d\'', ['node', '-e', 'a b', 'c d']],
    ['a"b c"\'d e\'f', ['ab cd ef']],
    ['a "" \'\' b', ['a', '', '', 'b']],
    ['a\\ b \\" \\\\', ['a b', '"', '\\']],
    ['"a\\"b\\\\c\\d"', ['a"b\\c\\d']],
    ["'a\\b'", ['a\\b']],
    ['"it\'s" \'"\'', ["it's", '"']],
    ['"a | b; (c) * <d>"', ['a | b; (c) * <d>']],
    ["'$(rm -rf /)`id`'", ['$$(rm -rf /)`id`']],
    ['a\\|b \\; \\* \\>', ['a|b', ';', '*', '>']],
    ['"a\nb" \'c\nd\'', ['a\nb', 'c\nd']],
    ['"a\\\nb"', ['ab']],
    ['--port=8080 --env=a=b', ['--port=8080', '--env=a=b']],
    ['env A=b node', ['env', 'A=b', 'node']],
    ['a#b a~b a!b % ^ ] , : @ + /', ['a#b', 'a~b', 'a!b', '%', '^', ']', ',', ':', '@', '+', '/']],
    ['echo ! x', ['echo', '!', 'x']],
    ['🚢 "ä ö"', ['🚢', 'ä ö']],
  ])('%j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it.each<[line: string, words: string[]]>([
    ['$PORT', ['$(PORT)']],
    ['${PORT}', ['$(PORT)']],
    ['--bind=0.0.0.0:$PORT', ['--bind=0.0.0.0:$(PORT)']],
    ['"${A}b$C d"', ['$(A)b$(C) d']],
    ['$A$B${C}D', ['$(A)$(B)$(C)D']],
    ['$_a1-b', ['$(_a1)-b']],
    ['$$', ['$$']],
    ['5$$', ['5$$']],
    ["'$PORT'", ['$$PORT']],
    ['\\$PORT "\\$PORT"', ['$$PORT', '$$PORT']],
    ["'$(PORT)' '$$'", ['$$(PORT)', '$$$$']],
  ])('variables of %j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  it.each([
    'a | b',
    'a|b',
    'a || b',
    'a & b',
    'a && b',
    'a &',
    'a; b',
    'a;b',
    'a < b',
    'a > b',
    'a 2>&1',
    'a >> b',
    '(a)',
    'a )',
    '`a`',
    '"`a`"',
    '$(a)',
    '"$(a)"',
    '$((1+1))',
    'a\nb',
    'a\r\nb',
    'a\\\nb',
    '*.js',
    'a?',
    '[ab]',
    '{a,b}',
    '}',
    '~/a',
    '# comment',
    'a #b',
    'A=b node',
    'A+=b node',
    '! a',
    '$',
    'a$',
    '"5$"',
    '$1',
    '$@',
    '${',
    '${A',
    '${A:-b}',
    '${A-b}',
    '${#A}',
    '${!A}',
    '${}',
    '"a',
    "'a",
    'a"b\'c"\'',
    'a\\',
    '"a\\',
    'a\u0000b',
    '"\u0000"',
    'a\u001b[1m',
  ])('%j needs a shell, or is not complete', (line) => {
    expect(() => splitWords(line)).toThrow(WordsError);
  });

  it('says what is wrong without showing the line', () => {
    expect(() => splitWords('psql hunter2 | cat')).toThrow(/an unquoted \| means a pipe/);
    try {
      splitWords('psql hunter2 | cat');
    } catch (error) {
      expect((error as Error).message).not.toContain('hunter2');
    }
  });

  it('gives back any text that was quoted, once expanded', () => {
    const texts = [
      'a b',
      '$HOME',
      '$$',
      '$(A)',
      '`x`',
      '"',
      '\\',
      'a\\',
      '*',
      '\n',
      '~',
      '',
      '${A}',
      '$',
      '$$(A)',
    ];
    for (const text of texts) {
      const single = `'${text}'`;
      const double = `"${text.replace(/["\\$`]/g, '\\$&')}"`;
      for (const line of [single, double]) {
        const [word, ...rest] = splitWords(line);
        expect([expandVariables(word ?? 'none', { A: 'expanded', HOME: 'expanded' }), rest]).toEqual([
          text,
          [],
        ]);
      }
    }
  });

  it.each(['a ', '"', "'", '\\', '$A', '$', '"\\', '""', "''", ' ', '\\$', '${A}', '"$A"'])(
    'takes no long time over a million characters of %j',
    // Processor time is measured, which other work beside it blurs.
    { retry: 3 },
    (unit) => {
      expectLinear(1_000_000, (size) => {
        try {
          splitWords(unit.repeat(size / unit.length));
        } catch (error) {
          expect(error).toBeInstanceOf(WordsError);
        }
      });
    },
  );
});
