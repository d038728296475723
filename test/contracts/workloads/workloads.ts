/** What every adapter of the Workloads port guarantees. */
import { describe } from 'vitest';
import { commandGuarantees } from './commands.ts';
import { containerGuarantees } from './containers.ts';
import { fenceGuarantees } from './fences.ts';
import { rolloutGuarantees } from './rollouts.ts';
import { openBench, type WorkloadsCapabilities, type WorkloadsSubject } from './workloads-bench.ts';

export function workloadsContract(
  name: string,
  makeSubject: () => Promise<WorkloadsSubject>,
  capabilities: WorkloadsCapabilities = { runsPrograms: true },
): void {
  // Where nothing really runs, tests only wait for each other: each has an environment of its own.
  const suite = capabilities.runsPrograms && !capabilities.inPods ? describe : describe.concurrent;
  suite(`Workloads contract: ${name}`, () => {
    const bench = openBench(makeSubject, capabilities);
    rolloutGuarantees(bench);
    fenceGuarantees(bench);
    commandGuarantees(bench);
    containerGuarantees(bench);
  });
}
