#!/usr/bin/env node
// `npx berth` in a clone: builds the command line when its sources have changed, and runs it. What `/cli` of a
// running Berth serves is the same program, built.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
for (const script of ['install.mjs', 'console.mjs']) {
  const { status } = spawnSync(process.execPath, [join(here, '../scripts', script)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}
await import('./dist/berth.mjs');
