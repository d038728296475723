/**
 * Runs Berth under schedules of faults, in virtual time, on all processors: `npm run simulate -- --seed 1 --runs 300`.
 * The same seed gives the same schedule. A schedule that breaks a promise is printed with its seed, and with the smallest
 * script that breaks it still, which `--script` plays again. `--release` runs ten thousand schedules, a fault at each
 * call of each way of changing something, and a crash at each two calls of a deployment and of a destruction.
 */
import { availableParallelism } from 'node:os';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadInterpreter } from '../functions/adapters/local/workflows/interpreter.ts';
import { loadRoutes } from '../functions/api/routes.ts';
import type { Outcome } from '../test/simulation/scene.ts';
import { runScript, type Script, scriptOf } from '../test/simulation/schedule.ts';
import { type PlotName, pairs, plots, runPlot, singles } from '../test/simulation/search/points.ts';
import { shrink } from '../test/simulation/search/shrink.ts';

interface Options {
  rate: number;
  actions: number;
  /** How many lines of a trace are printed. */
  trace: number;
}

type Job =
  | { kind: 'seeds'; from: number; count: number }
  | { kind: 'points'; plot: PlotName; faults: 'one' | 'two'; part: number; parts: number };

interface Report {
  runs: number;
  failed: number;
  text: string[];
  reached: Record<string, number>;
}

const SEEDS_AT_ONCE = 25;
const RELEASE_RUNS = 10_000;
const PARTS = 40;
/** How often it tells how far it is, milliseconds. */
const TELL_MS = 60_000;

const { values } = argumentsOf({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string' },
    rate: { type: 'string', default: '0.01' },
    actions: { type: 'string', default: '12' },
    trace: { type: 'string', default: '40' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    points: { type: 'boolean', default: false },
    release: { type: 'boolean', default: false },
    script: { type: 'string' },
  },
});
const options: Options = {
  rate:
    Number(values.rate) >= 0
      ? Number(values.rate)
      : refuse(`--rate takes a number, and not "${values.rate}".`),
  actions: count('actions'),
  trace: count('trace'),
};

if (!isMainThread) await work(workerData as Options);
else if (values.script !== undefined) await replay(scriptIn(values.script));
else await lead(jobsOf());

/** An option that is misspelt ends it with a line, and not with a trace. */
function argumentsOf<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** A whole number: a run of no schedule at all would look like one without violations. */
function count(name: 'seed' | 'runs' | 'actions' | 'trace' | 'jobs'): number {
  const text = values[name] ?? '';
  return /^\d+$/.test(text) ? Number(text) : refuse(`--${name} takes a whole number, and not "${text}".`);
}

function scriptIn(text: string): Script {
  try {
    return JSON.parse(text) as Script;
  } catch {
    return refuse('--script takes the JSON that a run has printed behind it.');
  }
}

function refuse(why: string): never {
  console.error(`${why}\nSuch as: npm run simulate -- --seed 1 --runs 300`);
  process.exit(1);
}

function jobsOf(): Job[] {
  const runs =
    values.runs === undefined ? (values.release ? RELEASE_RUNS : values.points ? 0 : 100) : count('runs');
  const seed = count('seed');
  const jobs: Job[] = [];
  for (let from = 0; from < runs; from += SEEDS_AT_ONCE)
    jobs.push({
      kind: 'seeds',
      from: seed + from,
      count: Math.min(SEEDS_AT_ONCE, runs - from),
    });
  const split = (plot: PlotName, faults: 'one' | 'two', parts: number): void => {
    for (let part = 0; part < parts; part++) jobs.push({ kind: 'points', plot, faults, part, parts });
  };
  if (values.points || values.release)
    for (const plot of Object.keys(plots) as PlotName[]) split(plot, 'one', 4);
  if (values.release)
    for (const plot of ['first deployment', 'destruction'] as const) split(plot, 'two', PARTS);
  return jobs;
}

async function lead(jobs: Job[]): Promise<void> {
  const began = performance.now();
  let toldAt = began;
  const total: Report = { runs: 0, failed: 0, text: [], reached: {} };
  await Promise.all(
    Array.from({ length: Math.min(jobs.length, count('jobs')) }, async () => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: options,
        resourceLimits: { maxYoungGenerationSizeMb: 48 },
      });
      const answers = new Promise<void>((resolve, reject) => {
        worker.once('error', reject);
        const next = (): void => {
          const job = jobs.shift();
          if (job) worker.postMessage(job);
          else resolve();
        };
        worker.on('message', (report: Report) => {
          for (const text of report.text) console.log(text);
          total.runs += report.runs;
          total.failed += report.failed;
          for (const [point, count] of Object.entries(report.reached))
            total.reached[point] = (total.reached[point] ?? 0) + count;
          if (performance.now() - toldAt > TELL_MS) {
            toldAt = performance.now();
            console.error(`${total.runs} schedules, ${total.failed} with violations so far`);
          }
          next();
        });
        next();
      });
      await answers.finally(() => worker.terminate());
    }),
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const points = Object.keys(total.reached);
  console.log(
    `\n${total.runs} schedules, ${total.failed} with violations, ${seconds} s; ${points.length} faults at points, ${points.filter((name) => name.includes('crash')).length} of them crashes.`,
  );
  process.exitCode = total.failed > 0 ? 1 : 0;
}

async function work({ rate, actions, trace }: Options): Promise<void> {
  const routes = await loadRoutes();
  await loadInterpreter();
  const undisturbed = new Map<PlotName, Outcome>();

  const told = (name: string, { violations, trace: lines }: Outcome): string =>
    [
      `\n${name}:`,
      ...violations.slice(0, 5).map((one) => `  ${one}`),
      ...lines.slice(-trace || lines.length),
    ].join('\n');

  async function seeds(
    from: number,
    count: number,
    note: (outcome: Outcome, text: () => Promise<string>) => Promise<void>,
  ) {
    for (let seed = from; seed < from + count; seed++) {
      const script = scriptOf(seed, { rate, actions });
      const taken: number[][] = [];
      const outcome = await runScript(script, routes, taken);
      await note(outcome, async () => {
        const small = await shrink({ ...script, actions: taken }, outcome, (smaller) =>
          runScript(smaller, routes),
        );
        return `${told(`Seed ${seed}`, small.outcome)}\n--script '${JSON.stringify(small.script)}'`;
      });
    }
  }

  async function points(
    { plot, faults, part, parts }: Job & { kind: 'points' },
    note: (outcome: Outcome, text: () => Promise<string>) => Promise<void>,
  ) {
    const alone = undisturbed.get(plot) ?? (await runPlot(plot, [], routes));
    undisturbed.set(plot, alone);
    if (part === 0) await note(alone, async () => told(`${plot}, undisturbed`, alone));
    const all = faults === 'one' ? singles(alone) : pairs(alone);
    for (const plan of all.filter((_, at) => at % parts === part)) {
      const outcome = await runPlot(plot, plan, routes);
      await note(outcome, async () => told(`${plot} ${JSON.stringify(plan)}`, outcome));
    }
  }

  parentPort?.on('message', async (job: Job) => {
    const report: Report = { runs: 0, failed: 0, text: [], reached: {} };
    const note = async (outcome: Outcome, text: () => Promise<string>): Promise<void> => {
      report.runs++;
      for (const { point, fault } of outcome.faults)
        report.reached[`${point} ${fault}`] = (report.reached[`${point} ${fault}`] ?? 0) + 1;
      if (outcome.violations.length === 0) return;
      report.failed++;
      report.text.push(await text());
    };
    if (job.kind === 'seeds') await seeds(job.from, job.count, note);
    else await points(job, note);
    parentPort?.postMessage(report);
  });
}

async function replay(script: Script): Promise<void> {
  await loadInterpreter();
  const { violations, trace } = await runScript(script, await loadRoutes());
  console.log([...trace, ...violations].join('\n'));
  process.exitCode = violations.length > 0 ? 1 : 0;
}
