/** Lines of what programs print: the same however the bytes come, bounded, and masked. */
import { describe, expect, it } from 'vitest';
import { createLineSplitter } from '../../../functions/adapters/system/output-lines.ts';
import { createMask, type Mask } from '../../../functions/core/secrets/mask.ts';
import { cut, LINE_MAX } from '../../../functions/ports/rules/log-lines.ts';

function split(mask: Mask, chunks: Buffer[]): string[] {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line), mask);
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

describe('lines', () => {
  const none = createMask([]);

  it('are the same however the bytes come', () => {
    const text = Buffer.from('eins\nzwölf 💡\r\n\n\u001b[31mred\u001b[0m\nlast');
    const expected = ['eins', 'zwölf 💡', '', '\u001b[31mred\u001b[0m', 'last'];
    expect(split(none, [text])).toEqual(expected);
    expect(
      split(
        none,
        [...text].map((byte) => Buffer.of(byte)),
      ),
    ).toEqual(expected);
  });

  it('are cut at 16 KiB, between characters, and say that the rest is dropped', () => {
    const long = 'ä'.repeat(20_000);
    const lines = split(none, [Buffer.from(`x${long}`), Buffer.from(`${long}\nnext\n`)]);
    expect(lines).toHaveLength(2);
    expect(Buffer.byteLength(lines[0] ?? '')).toBeGreaterThan(LINE_MAX - 3);
    expect(Buffer.byteLength(lines[0] ?? '')).toBeLessThanOrEqual(LINE_MAX);
    expect(lines[0]).toMatch(/ä … \[cut\]$/);
    expect(split(none, [Buffer.from(`${'x'.repeat(LINE_MAX)}\n`)])).toEqual(['x'.repeat(LINE_MAX)]);
    expect(lines[0]).not.toContain('\ufffd');
    expect(lines[1]).toBe('next');
    expect(Buffer.byteLength(split(none, [Buffer.alloc(30_000, 0xff)])[0] ?? '')).toBeLessThanOrEqual(
      LINE_MAX,
    );
    for (let start = LINE_MAX - 5; start <= LINE_MAX; start++)
      expect(split(none, [Buffer.from(`${'x'.repeat(start)}🚢🚢\n`)])[0]).toMatch(/^x+🚢? … \[cut\]$/u);
    expect(cut('aä', 2)).toBe('a');
  });

  it('hide a secret wherever chunks and the cut fall', () => {
    const secret = 'correct-horse-battery';
    const mask = createMask([secret]);
    for (let start = LINE_MAX - 30; start <= LINE_MAX + 2; start++) {
      const line = split(mask, [Buffer.from(`${'x'.repeat(start)}${secret} tail\n`)])[0] ?? '';
      expect(line).not.toContain('cor');
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LINE_MAX);
    }
    const text = Buffer.from(`a ${secret} b\n`);
    for (let at = 0; at < text.length; at++) {
      expect(split(mask, [text.subarray(0, at), text.subarray(at)])).toEqual(['a •••• b']);
    }
  });

  it('that write over themselves show a state a second, and the last one, however the bytes come', () => {
    let now = 0;
    const bytes = Buffer.from(
      `${Array.from({ length: 60 }, (_, n) => `\rtick ${n} of 60`).join('')}\nnext\r\n`,
    );
    for (const size of [1, 7, bytes.length]) {
      const lines: string[] = [];
      const splitter = createLineSplitter(
        (line) => lines.push(line),
        none,
        () => now,
      );
      for (let at = 0; at < bytes.length; at += size) {
        splitter.push(bytes.subarray(at, at + size));
        now += 10 * size;
      }
      splitter.end();
      expect(lines.slice(-2)).toEqual(['tick 59 of 60', 'next']);
      expect(lines[0]).toBe('tick 0 of 60');
      expect(lines.length).toBeLessThan(12);
    }
    // A program that never ends a line shows where it was.
    expect(split(none, [Buffer.from('a\rb\rc')])).toEqual(['a', 'c']);
    expect(split(none, [Buffer.from('10%\r90%\r\x20\r\nend')])).toContain('90%');
  });

  it('hide a secret with a carriage return in it', () => {
    const secret = createMask(['first-half\rsecond-half']);
    expect(split(secret, [Buffer.from('first-half\rsecond-half\n')]).join()).not.toContain('half');
  });
});
