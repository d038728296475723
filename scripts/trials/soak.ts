/**
 * Lets clients work with a real Berth for long: `npm run soak -- --hours 5`, or `npm run soak -- --days 30` with a clock that
 * is moved on, a day in half a minute or so. Memory, descriptors and disk have to stay flat.
 */
import { parseArgs } from 'node:util';
import { soak } from '../../test/storm/soak.ts';

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '5' },
    days: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const length = values.days === undefined ? { hours: Number(values.hours) } : { days: Number(values.days) };
const violations = await soak({ seed: Number(values.seed), ...length });
console.log(
  violations.length === 0
    ? '\nIt is flat.'
    : `\n${violations.length} violations:\n- ${violations.join('\n- ')}`,
);
process.exit(violations.length === 0 ? 0 : 1);
