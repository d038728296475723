/**
 * Delivers pushes to real repositories in any order, twice, and some never, to a real Berth that is killed now and then:
 * `npm run pushes -- --pushes 1000 --seed 1`.
 */
import { parseArgs } from 'node:util';
import { pushes } from '../../test/git-trials/pushes.ts';

const { values } = parseArgs({
  options: {
    pushes: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const { violations, seen } = await pushes({ pushes: Number(values.pushes), seed: Number(values.seed) });
console.log(seen.join('\n'));
console.log(
  violations.length === 0
    ? '\nNo violations.'
    : `\n${violations.length} violations:\n- ${violations.slice(0, 50).join('\n- ')}`,
);
process.exit(violations.length === 0 ? 0 : 1);
