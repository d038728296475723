import { expect, it } from 'vitest';
import { generatedFiles } from '../../scripts/generate.ts';
import { readDoc } from './markdown.ts';

it.each(await generatedFiles())('$path is what `npm run generate` writes', ({ path, text }) => {
  expect(readDoc(path)).toBe(text);
});
