/** Which process of a service is meant, by the name that people say. */
import type { Instance, InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { mainProcess, WEB } from '../../core/score/processes.ts';
import type { Store } from '../../ports/store.ts';
import { getDeploymentDetail } from '../../records/workloads.ts';

/** @param known names of all processes */
export const noProcess = (
  { service, environment }: Pick<InstanceRef, 'service' | 'environment'>,
  asked: string,
  known: readonly string[],
): Problem =>
  new Problem(
    'not_found',
    `Service "${service}" has no process "${asked}" in environment "${environment}".`,
    {
      hint:
        known.length > 1
          ? `It has ${known.join(', ')}.`
          : `It has ${known.join()} alone. Name others with berth.dev/processes in the Score file, or in a Procfile, and deploy that first.`,
    },
  );

/**
 * A workload is read where the name is of none that runs beside the web, and no sooner.
 * @returns its name; undefined for the web, and for what a service has in its place
 * @throws Problem not_found
 */
export async function processOf(
  store: Store,
  instance: Instance,
  asked: string = WEB,
): Promise<string | undefined> {
  const { current, processes = {} } = instance;
  if (asked === WEB) return undefined;
  if (Object.hasOwn(processes, asked)) return asked;
  const main =
    current === undefined
      ? WEB
      : mainProcess((await getDeploymentDetail(store, instance, current)).data.workload);
  if (asked === main) return undefined;
  throw noProcess(instance, asked, [main, ...Object.keys(processes)]);
}

/** Whether what serves has the process. */
export const hasProcess = (store: Store, instance: Instance, asked: string | undefined): Promise<boolean> =>
  processOf(store, instance, asked).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Problem && error.code === 'not_found') return false;
      throw error;
    },
  );
