import { describe, expect, it } from 'vitest';
import { marked, spansOf } from '../../web/src/components/log/ansi.ts';
import { expectLinear } from '../support/cpu.ts';

const E = '\u001b';
const brief = (line: string) => spansOf(line).map(({ text, style }) => (style ? [text, style] : text));

describe('Colours of a line', () => {
  it('are spans', () => {
    expect(brief('plain')).toEqual(['plain']);
    expect(brief(`${E}[31mred${E}[0m rest`)).toEqual([['red', 'ansi-1'], ' rest']);
    expect(brief(`${E}[1;92mok${E}[22m green${E}[39m none`)).toEqual([
      ['ok', 'ansi-10 ansi-bold'],
      [' green', 'ansi-10'],
      ' none',
    ]);
    expect(brief(`${E}[44;37mground`)).toEqual([['ground', 'ansi-7 ansi-on-4']]);
    expect(brief(`${E}[38;5;9ma${E}[38;5;196mb${E}[38;2;255;0;0mc${E}[48;5;4md`)).toEqual([
      ['a', 'ansi-9'],
      ['b', 'ansi-9'],
      ['c', 'ansi-9'],
      ['d', 'ansi-9 ansi-on-4'],
    ]);
    expect(brief(`${E}[2;3;4mx${E}[my`)).toEqual([['x', 'ansi-dim ansi-italic ansi-underline'], 'y']);
  });

  it('are all that a line can do: whatever else steers a terminal is no text and no order', () => {
    expect(brief(`a${E}[2Jb${E}[10;5Hc${E}]0;title\u0007d${E}[?25le`)).toEqual(['abcde']);
    expect(brief(`${E}]8;;javascript:alert(1)\u0007link${E}]8;;\u0007`)).toEqual(['link']);
    expect(brief('a\u0000b\u0007\u0008')).toEqual(['a␀b␇␈']);
    expect(brief('<b>&amp;</b>')).toEqual(['<b>&amp;</b>']);
    expect(brief('safe\u202egnp.exe')).toEqual(['safe\\u202egnp.exe']);
  });

  it('of broken sequences are none', () => {
    for (const line of [`${E}[999mx`, `${E}[38mx`, `${E}[38;5mx`, `${E}[;;;mx`, `${E}[38;2;999;-1mx`])
      expect(
        spansOf(line)
          .map(({ text }) => text)
          .join(''),
      ).toMatch(/x$/);
    expect(brief(`x${E}[31`)).toEqual(['x␛[31']);
  });

  it('are read fast, whatever the line', () => {
    for (const part of [`${E}[`, `${E}[31m`, `${E}]`, `${E}[38;5;`, `${E}[;`, E])
      expectLinear(262_144, (size) => spansOf(part.repeat(size / part.length)));
  });
});

describe('What was searched for', () => {
  const found = (line: string, wanted: string) =>
    marked(spansOf(line), wanted).map((span) => ('found' in span ? `[${span.text}]` : span.text));

  it('is marked, in capitals or not, across colours', () => {
    expect(found('one Two two', 'TWO')).toEqual(['one ', '[Two]', ' ', '[two]']);
    expect(found(`t${E}[31mw${E}[0mo`, 'two')).toEqual(['[t]', '[w]', '[o]']);
    expect(found('aaaa', 'aa')).toEqual(['[aa]', '[aa]']);
    expect(found('none', 'x')).toEqual(['none']);
    expect(found('a.c abc', 'a.c')).toEqual(['[a.c]', ' abc']);
    expect(found('İstanbul two', 'two').join('')).toContain('two');
  });

  it('is what lines have to hold: words and phrases, without signs, fields and what is taken away', () => {
    expect(found('one two OR three', 'one (OR "two or") -three @level:error @msg:"one two"')).toEqual([
      '[one]',
      ' ',
      '[two OR]',
      ' three',
    ]);
    expect(found('a "b" c', '"\\"b\\""')).toEqual(['a ', '["b"]', ' c']);
    expect(found('abcd', 'abc bcd')).toEqual(['[abcd]']);
  });
});
