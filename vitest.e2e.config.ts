import { defineConfig } from 'vitest/config';

/** A real process and a real browser; `npm test` does without them. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Most of the time goes into waiting for the browser.
    maxWorkers: 2,
  },
});
