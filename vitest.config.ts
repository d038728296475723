import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // What needs more than npm packages: vitest.conformance.config.ts.
    exclude: [...configDefaults.exclude, 'test/conformance/**'],
    // Patient: other work may have the processors. What waits, waits for a condition.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Most of the time goes into waiting: for processes, for npm, for clocks.
    maxWorkers: 4,
  },
});
