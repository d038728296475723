import { configDefaults, defineConfig } from 'vitest/config';
import { atLength } from './vitest.e2e.config.ts';

// What needs more than npm packages: vitest.conformance.config.ts. Whole Berths as processes: vitest.e2e.config.ts; what
// they promise first, a start and a deployment, is tried here too.
const elsewhere = [
  ...configDefaults.exclude,
  'test/conformance/**',
  'test/abuse/**',
  'test/cli/commands.test.ts',
  'test/docs/{how-to,by-curl}.test.ts',
  'test/system/!(deployments|start).test.ts',
  'test/system/*/**',
  ...atLength,
];

// These tests hold all their state in objects that they made, so that a worker may load Berth once
// for many of their files. That spares a fourth of the processor time of the whole run. The interleavings of rotations have one
// of their own: their virtual timers replace those of modules that no test has loaded before, and of no others.
const inMemory = [
  'adapters/kubernetes',
  'api',
  'commands',
  'core',
  'hosts',
  'ports',
  'records',
  'sweep',
  'web',
  'workflows',
].map((room) => `test/${room}/**/!(interleavings).test.ts`);

export default defineConfig({
  test: {
    // Patient: other work may have the processors. What waits, waits for a condition.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // Most of the time goes into waiting: for processes, for npm, for clocks.
    maxWorkers: 4,
    // Templates are checked by cfn-lint, in test/conformance; CDK's own look only warns, and takes a fourth of each synthesis.
    env: { CDK_VALIDATION: 'false' },
    projects: [
      {
        extends: true,
        test: { name: 'in memory', include: inMemory, exclude: elsewhere, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'real parts',
          include: ['test/**/*.test.ts'],
          exclude: [...elsewhere, ...inMemory],
        },
      },
    ],
  },
});
