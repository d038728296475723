/**
 * Runs Berth under seeded schedules of faults: `npm run simulate -- --seed 1 --runs 300`. The same seed gives the same
 * schedule. A schedule that breaks a promise is printed with its seed and the end of its trace.
 */
import { parseArgs } from 'node:util';
import { loadInterpreter } from '../functions/adapters/local/workflows/interpreter.ts';
import { loadRoutes } from '../functions/api/routes.ts';
import { runSchedule } from '../test/simulation/schedule.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '100' },
    rate: { type: 'string', default: '0.01' },
    actions: { type: 'string', default: '12' },
    trace: { type: 'string', default: '40' },
  },
});
const first = Number(values.seed);
const runs = Number(values.runs);
const options = { routes: await loadRoutes(), rate: Number(values.rate), actions: Number(values.actions) };
await loadInterpreter();

const reached = new Map<string, number>();
const began = performance.now();
let failed = 0;
for (let seed = first; seed < first + runs; seed++) {
  const outcome = await runSchedule(seed, options);
  for (const { point, fault } of outcome.faults)
    reached.set(`${point} ${fault}`, (reached.get(`${point} ${fault}`) ?? 0) + 1);
  if (outcome.violations.length === 0) continue;
  failed++;
  console.log(`\nSeed ${seed}:\n  ${outcome.violations.slice(0, 5).join('\n  ')}`);
  if (Number(values.trace) > 0) console.log(outcome.trace.slice(-Number(values.trace)).join('\n'));
}
const seconds = ((performance.now() - began) / 1000).toFixed(1);
const crashes = [...reached].filter(([name]) => name.includes('crash')).length;
console.log(
  `\n${runs} schedules, ${failed} with violations, ${seconds} s; ${reached.size} faults at points, ${crashes} of them crashes.`,
);
process.exitCode = failed > 0 ? 1 : 0;
