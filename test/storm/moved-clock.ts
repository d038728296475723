/** Loaded into a Berth before its own modules: each SIGUSR2 moves its clock on, and timers go on as ever. */

/** Less than what Berth takes for a jump of the clock. */
const STEP_MS = 6 * 60_000;
const real = Date.now;
let moved = 0;

Date.now = () => real() + moved;
process.on('SIGUSR2', () => {
  moved += STEP_MS;
});
