/** Which variables and secrets of its environment a deployment takes whose workload asks for all. */
import type { Deployment, EnvironmentRef, ResourceOutputs } from '../../core/model/index.ts';
import { ENVIRONMENT_TYPE, takenNames, takesAll, withVariables } from '../../core/score/all-variables.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Ports } from '../../ports/index.ts';
import { resourceType } from '../../resources/index.ts';

/** The names of all variables and secrets of the environment. */
export async function namesIn(ports: Ports, ref: EnvironmentRef): Promise<string[]> {
  const { environmentSecrets } = resourceType(ENVIRONMENT_TYPE);
  if (!environmentSecrets) return [];
  const [variables, secrets] = await Promise.all([
    environmentSecrets.variables(ports, ref),
    environmentSecrets.current(ports, ref),
  ]);
  return [...Object.keys(variables), ...Object.keys(secrets)];
}

/** The names that the workload takes there now; undefined where it takes only what it names. */
export async function takenNow(
  ports: Ports,
  ref: EnvironmentRef,
  workload: ScoreWorkload,
): Promise<string[] | undefined> {
  return takesAll(workload) ? takenNames(workload, await namesIn(ports, ref)) : undefined;
}

/**
 * A version's workload as it is deployed there now.
 * @param known the names that it may take of those that are there; all without it
 */
export async function takingNow(
  ports: Ports,
  ref: EnvironmentRef,
  workload: ScoreWorkload,
  known?: readonly string[],
): Promise<{ workload: ScoreWorkload } & Pick<Deployment, 'variables'>> {
  const there = await takenNow(ports, ref, workload);
  const variables = known ? there?.filter((name) => known.includes(name)) : there;
  return variables ? { workload: withVariables(workload, variables), variables } : { workload };
}

/**
 * Of the names that an earlier deployment took, those that it can take again: what it pinned as a value, and secrets
 * that are still there.
 */
export async function takenAgain(
  ports: Ports,
  ref: EnvironmentRef,
  { workload, variables }: { workload: ScoreWorkload } & Pick<Deployment, 'variables'>,
  pinned: Record<string, ResourceOutputs>,
): Promise<string[] | undefined> {
  if (!variables) return undefined;
  const values = offeredBy(workload, pinned, ({ values }) => values);
  const secrets = new Set(
    Object.keys((await resourceType(ENVIRONMENT_TYPE).environmentSecrets?.current(ports, ref)) ?? {}),
  );
  return variables.filter((name) => values.has(name) || secrets.has(name));
}

/** The names among what a deployment took that its environment still had when its outputs were resolved. */
export function takenOf(
  { workload, variables }: { workload: ScoreWorkload } & Pick<Deployment, 'variables'>,
  outputs: Record<string, ResourceOutputs>,
): Pick<Deployment, 'variables'> {
  if (!variables) return {};
  const there = offeredBy(workload, outputs, ({ values, secrets }) => ({ ...values, ...secrets }));
  return { variables: variables.filter((name) => there.has(name)) };
}

/** Names of outputs of the resources that stand for the environment. */
const offeredBy = (
  { resources = {} }: ScoreWorkload,
  outputs: Record<string, ResourceOutputs>,
  named: (of: ResourceOutputs) => object,
): Set<string> =>
  new Set(
    Object.entries(outputs)
      .filter(([name]) => resources[name]?.type === ENVIRONMENT_TYPE)
      .flatMap(([, of]) => Object.keys(named(of))),
  );
