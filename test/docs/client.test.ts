import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientFile, clientTypes } from '../../scripts/client.ts';
import { operationWords, wordsFile } from '../../scripts/operation-words.ts';

it("the console's types are those of the OpenAPI document: `npm run client` writes them", async () => {
  expect(readFileSync(clientFile, 'utf8')).toBe(await clientTypes());
});

it("the console's words are those of the kinds of operations: `npm run client` writes them", () => {
  expect(readFileSync(wordsFile, 'utf8')).toBe(operationWords());
});
