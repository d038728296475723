import { defineConfig } from 'vitest/config';

/** Whole Berths as their own processes: in a browser, from the command line, as the guides say, under attack and killed. */
const wholeBerths = [
  'test/e2e/**/*.e2e.ts',
  'test/abuse/**/*.test.ts',
  'test/cli/commands.test.ts',
  'test/system/**/*.test.ts',
  'test/docs/{how-to,by-curl}.test.ts',
];

/**
 * What takes long because it tries so much: hostile input of all forms, how work grows, other settings of the stacks, and
 * databases that are copied and disturbed. `npm test` does without these, and without whole Berths.
 */
export const atLength = [
  'test/adapters/local/postgres/dumps.test.ts',
  'test/adapters/peers/**/*.test.ts',
  'test/{api,core}/**/hostile.test.ts',
  'test/core/growth.test.ts',
  'test/resources/postgres-*.test.ts',
  'test/stacks/{upgrade,cluster-objects}.test.ts',
];

/** All that `npm run test:e2e` runs. */
export const heavier = [...wholeBerths, ...atLength, 'test/workflows/rotate-secret/interleavings.test.ts'];

export default defineConfig({
  test: {
    include: heavier,
    // What `npm test` tries at some moments is tried here at each.
    env: { BERTH_EVERY_MOMENT: '1', CDK_VALIDATION: 'false' },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Most of the time goes into waiting for the browser.
    maxWorkers: 2,
  },
});
