import { expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent } from '../../../functions/core/traces/trace-context.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';

it('reads a traceparent, and writes it again', () => {
  for (const flags of ['00', '01'])
    expect(formatTraceparent(parseTraceparent(`00-${trace}-${span}-${flags}`)!)).toBe(
      `00-${trace}-${span}-${flags}`,
    );
  expect(parseTraceparent(`00-${trace}-${span}-03`)).toEqual({ traceId: trace, spanId: span, sampled: true });
  // Of a version to come, what is known is read.
  expect(parseTraceparent(`cc-${trace}-${span}-01-more`)?.sampled).toBe(true);
});

it.each([
  undefined,
  '',
  `ff-${trace}-${span}-01`,
  `00-${trace}-${span}-01-more`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace}-${span}`,
  ` 00-${trace}-${span}-01`,
])('knows that %j is none', (text) => expect(parseTraceparent(text)).toBeUndefined());
