/**
 * Does to a real Berth what machines and people do to it: `npm run storm -- --minutes 20 --seed 1`. It kills, stops and
 * continues its processes and its PostgreSQL, fills its disk and damages its files, while clients work with it.
 */
import { parseArgs } from 'node:util';
import { storm } from '../../test/storm/storm.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    damage: { type: 'string', default: '0.25' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
console.log(
  `Seed ${values.seed}, ${values.minutes} minutes. The seed chooses what is done; when it meets what goes on is up to the machine.`,
);
const violations = await storm({
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  damage: Number(values.damage),
});
console.log(
  violations.length === 0
    ? '\nNo violations.'
    : `\n${violations.length} violations:\n- ${violations.join('\n- ')}`,
);
process.exit(violations.length === 0 ? 0 : 1);
