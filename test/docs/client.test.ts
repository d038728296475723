import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientFile, clientTypes } from '../../scripts/client.ts';
import { eventWords, eventWordsFile } from '../../scripts/event-words.ts';

it("the console's types are those of the OpenAPI document: `npm run client` writes them", async () => {
  expect(readFileSync(clientFile, 'utf8')).toBe(await clientTypes());
});

it("the console's words for events are those of their declarations", () => {
  expect(readFileSync(eventWordsFile, 'utf8')).toBe(eventWords());
});
