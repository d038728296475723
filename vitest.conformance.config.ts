import { defineConfig } from 'vitest/config';

/** Tests against programs that others wrote, fetched and built on the first run: see test/conformance/README.md. */
export default defineConfig({
  test: {
    include: ['test/conformance/**/*.test.ts'],
    setupFiles: ['test/conformance/support/record.ts'],
    globalSetup: ['test/conformance/support/report.ts'],
    testTimeout: 60_000,
    // The first run fetches and builds.
    hookTimeout: 1_800_000,
    maxWorkers: 2,
    // What runs in pods mostly waits: for a start, for a drain.
    maxConcurrency: 10,
  },
});
