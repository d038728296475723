import { expect, it } from 'vitest';
import { endInWords } from '../../../functions/core/model/index.ts';

it.each([
  ['canceled', 'was canceled'],
  ['superseded', 'was superseded'],
  ['failed', 'failed'],
  ['succeeded', 'succeeded'],
] as const)('The end of an operation that is %s follows "it" as a sentence', (status, words) => {
  expect(endInWords(status)).toBe(words);
});
