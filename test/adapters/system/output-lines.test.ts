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

  it('are cut at 16 KiB, between characters, and the rest of the line is dropped', () => {
    const long = 'ä'.repeat(20_000);
    const lines = split(none, [Buffer.from(`x${long}`), Buffer.from(`${long}\nnext\n`)]);
    expect(lines).toHaveLength(2);
    expect(Buffer.byteLength(lines[0] ?? '')).toBe(LINE_MAX - 1);
    expect(lines[0]).not.toContain('\ufffd');
    expect(lines[1]).toBe('next');
    expect(Buffer.byteLength(split(none, [Buffer.alloc(30_000, 0xff)])[0] ?? '')).toBeLessThanOrEqual(
      LINE_MAX,
    );
    for (let start = LINE_MAX - 5; start <= LINE_MAX; start++)
      expect(split(none, [Buffer.from(`${'x'.repeat(start)}🚢🚢\n`)])[0]).toMatch(/^x+🚢?$/u);
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
});
