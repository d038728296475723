import { expect, it } from 'vitest';
import { unmounted } from '../../../functions/adapters/processes/programs/unmounted.ts';
import type { ScoreContainer } from '../../../functions/core/score/workload.ts';

const warn = (container: Partial<ScoreContainer>, workingDir = '/app'): string[] =>
  unmounted(
    {
      apiVersion: 'score.dev/v1b1',
      metadata: { name: 'web' },
      containers: { main: { image: '.', ...container } },
    },
    workingDir,
  );

it('a volume or file at a path that leads to the machine’s own files is told, with where it is', () => {
  const source = '${resources.data}';
  const warnings = warn({ volumes: { '/data': { source } }, files: { '/etc/app.conf': { content: '' } } });
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatch(/"main".*volume.*\$BERTH_ROOT\/data .*BERTH_ROOT.*\/app/);
  expect(warnings[1]).toContain('$BERTH_ROOT/etc/app.conf');
  expect(warn({ volumes: { '/application': { source } } })).toHaveLength(1);
  expect(warn({ volumes: { '/data': { source } } }, '/')).toHaveLength(1);
});

it('what a relative path reaches is right as it is', () => {
  expect(warn({ volumes: { '/app/data': { source: 'x' } }, files: { '/app/a': { content: '' } } })).toEqual(
    [],
  );
  expect(warn({})).toEqual([]);
});
