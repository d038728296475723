import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientFile, clientTypes } from '../../scripts/client.ts';

it("the console's types are those of the OpenAPI document: `npm run client` writes them", async () => {
  expect(readFileSync(clientFile, 'utf8')).toBe(await clientTypes());
});
