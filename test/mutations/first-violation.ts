/** Run by itself: prints the first seed whose schedule breaks a promise, and what is broken, as JSON; or nothing. */
import { loadInterpreter } from '../../functions/adapters/local/workflows/interpreter.ts';
import { loadRoutes } from '../../functions/api/routes.ts';
import { runSchedule } from '../simulation/schedule.ts';

const [first = 0, runs = 0] = process.argv.slice(2).map(Number);
const options = { routes: await loadRoutes(), rate: 0.01, actions: 12 };
await loadInterpreter();
for (let seed = first; seed < first + runs; seed++) {
  const { violations } = await runSchedule(seed, options);
  if (violations[0] === undefined) continue;
  process.stdout.write(JSON.stringify({ seed, violation: violations[0] }));
  break;
}
