/** What the images of a simulation do when they run, in place of programs. */
import { Problem } from '../../../functions/core/problem.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';

export type Program =
  | { kind: 'serves'; slow?: true }
  /** Runs, and never listens. */
  | { kind: 'deaf' }
  | { kind: 'ends'; code: number; says: string };

const crashed = (cause: string): Problem =>
  new Problem('workload_crashed', cause, {
    hint: 'Read what it printed, mend it, and deploy a new version.',
  });
const notReady = (cause: string): Problem =>
  new Problem('workload_not_ready', cause, { hint: 'Look at its log.' });

/** Why a program never serves, in the words that real places use; undefined where it does. */
export function reasonOf(
  { service, number, containers, ports }: WorkloadSpec,
  program: Program,
): Problem | undefined {
  const [main] = containers;
  const command = main?.command?.[0];
  if (command !== undefined && command !== 'node')
    return crashed(`Deployment ${number} of ${service} can not start: there is no program "${command}".`);
  if (program.kind === 'ends')
    return crashed(
      `Deployment ${number} of ${service} crashed 3 times: it exited with code ${program.code}. ${program.says}`,
    );
  if (program.kind === 'deaf')
    return notReady(
      `Nothing of it is ready: nothing listens on port ${ports[0]?.targetPort}, which is in $PORT.`,
    );
  const probed = main?.readinessProbe?.httpGet?.path;
  const status = /^\/status\/([45]\d\d)$/.exec(probed ?? '')?.[1];
  return status === undefined
    ? undefined
    : notReady(`Its readiness probe ${probed} is answered with ${status}.`);
}
