import { defineConfig } from 'vitest/config';

/**
 * Whole Berths as their own processes: in a browser, from the command line, as the guides say, under attack and killed.
 * `npm test` does without.
 */
export default defineConfig({
  test: {
    include: [
      'test/e2e/**/*.e2e.ts',
      'test/abuse/**/*.test.ts',
      'test/{cli,system}/**/*.test.ts',
      'test/docs/{how-to,by-curl}.test.ts',
      'test/workflows/rotate-secret/interleavings.test.ts',
    ],
    // What `npm test` tries at some moments is tried here at each.
    env: { BERTH_EVERY_MOMENT: '1' },
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Most of the time goes into waiting for the browser.
    maxWorkers: 2,
  },
});
