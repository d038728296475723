import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Most of the time goes into waiting: for processes, for npm, for clocks.
    maxWorkers: 4,
  },
});
