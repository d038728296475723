/**
 * Why a deployment would be refused before it begins. A plan tells all of it, and a deployment is refused with the first
 * of it before anything is made.
 */
import {
  type InstanceRef,
  isSameAgain,
  type Resource,
  type ResourceOutputs,
} from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import { invalidScore } from '../../core/score/file/score-faults.ts';
import { provisionOrder, references, usedOutputs } from '../../core/score/references.ts';
import { resourceIdentity } from '../../core/score/resource-identity.ts';
import { workloadSettings } from '../../core/score/settings.ts';
import type { ScoreWorkload } from '../../core/score/workload.ts';
import type { Ports } from '../../ports/index.ts';
import { BASE_LABEL, type Image, NO_BASE } from '../../ports/registry.ts';
import { resourceType } from '../../resources/index.ts';
import { readPinned } from '../../resources/kept-elsewhere.ts';
import { checkParams, expandParams, missingOutput, putSecret } from '../../resources/outputs.ts';
import { workloadProblems } from '../../resources/score/workload-problems.ts';
import type { ResourceRequest } from '../../resources/type.ts';
import { type Judged, violationProblem, violationsOf } from '../guardrails/policies.ts';

type Outputs = Record<string, ResourceOutputs>;

/** The content, and what it pins of resources where that is known already. */
type Proposed = Judged & { outputs?: Outputs; variables?: readonly string[] };

async function problemsOf<T>(work: () => Promise<T>): Promise<{ value?: T; problems: Problem[] }> {
  try {
    return { value: await work(), problems: [] };
  } catch (error) {
    if (error instanceof Problem) return { problems: [error] };
    throw error;
  }
}

/**
 * @param records the resources that are there, by their uid, as far as they are known
 * @returns every reason that can be known before; empty where there is none
 */
export async function deploymentProblems(
  ports: Ports,
  ref: InstanceRef,
  content: Proposed,
  records: ReadonlyMap<string, Resource>,
): Promise<Problem[]> {
  const ofWorkload = workloadProblems(content.workload, content.digest);
  const image = await problemsOf(() => ports.registry.resolve(ref, content.digest));
  const violations = await violationsOf(ports, ref, content, ports.effects.now());
  // What a rollback pinned is as it was, as long as it can be read.
  const ofResources = content.outputs
    ? await pinProblems(ports, content.workload, content.outputs)
    : ofWorkload.length === 0
      ? await resourceProblems(ports, ref, content, records)
      : [];
  return [
    ...ofWorkload,
    ...(await rolloutProblems(ports, ref, content)),
    ...(await affinityProblems(ports, ref, content)),
    ...ofResources,
    ...image.problems,
    ...(await placeProblems(ports, ref, image.value)),
    ...(violations.length > 0 ? [violationProblem(ref, violations)] : []),
  ];
}

/** What is built on a machine without an operating system does not run in a cluster beside it. */
async function placeProblems(ports: Ports, ref: InstanceRef, image: Image | undefined): Promise<Problem[]> {
  if (image?.config.labels[BASE_LABEL] !== NO_BASE) return [];
  const place = await ports.places?.of(ref);
  if (!place) return [];
  const what = `The image has no operating system, and does not run in the place "${place.name}".`;
  const hint = 'Build it with a Dockerfile, or deploy it to an environment of this machine.';
  return [new Problem('image_unavailable', what, { hint })];
}

/** A rollback goes back at once, and what runs once more is not tried. */
async function rolloutProblems(
  { workloads, receivers, places }: Ports,
  ref: InstanceRef,
  { kind, workload }: Proposed,
): Promise<Problem[]> {
  const { rollout, strategy } = workloadSettings(workload);
  if (!rollout || kind === 'rollback' || isSameAgain(kind)) return [];
  const { webhook } = rollout.checks;
  const refusal = webhook === undefined ? undefined : receivers.refusal(webhook);
  const problems: Problem[] = [];
  if (refusal !== undefined) {
    const path = ['metadata', 'annotations', 'berth.dev/check-webhook'];
    problems.push(invalidScore([{ path, message: `must ${refusal}` }]));
  }
  if (!workloads.tracks || (await places?.of(ref)))
    problems.push(
      new Problem(
        'strategy_unavailable',
        `A version can not be tried beside the one that serves here: the strategy ${strategy} with steps or checks is not possible.`,
        {
          hint: 'Set berth.dev/strategy: rolling without steps and checks, or deploy to a place that serves two side by side.',
        },
      ),
    );
  return problems;
}

/** Sessions that a program keeps in its memory would be lost at each request to another replica: it is not begun. */
async function affinityProblems(
  { workloads, places }: Ports,
  ref: InstanceRef,
  { workload }: Proposed,
): Promise<Problem[]> {
  if (!workloadSettings(workload).affinity) return [];
  if (workloads.keepsClients && !(await places?.of(ref))) return [];
  return [
    new Problem(
      'affinity_unavailable',
      'Clients can not be kept with a replica here: the gateway of a cluster gives each request to any of them.',
      {
        hint: 'Keep sessions in Redis or the database and leave out berth.dev/affinity, or deploy to an environment of a machine.',
      },
    ),
  ];
}

async function pinProblems(ports: Ports, workload: ScoreWorkload, outputs: Outputs): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [name, used] of usedOutputs(workload)) {
    for (const [output, reference] of Object.entries(outputs[name]?.secrets ?? {})) {
      if (!used.has(output)) continue;
      const found = await problemsOf(async () => void (await readPinned(ports, output, reference)));
      problems.push(...found.problems);
    }
  }
  return problems;
}

/** Types that make nothing are asked for their outputs; of the others, those that are there have given theirs. */
async function resourceProblems(
  ports: Ports,
  { project, environment, service }: InstanceRef,
  { workload, variables = [] }: Proposed,
  records: ReadonlyMap<string, Resource>,
): Promise<Problem[]> {
  // Nothing is made, so that nothing carries the ids of the environment and the operation.
  const ref = { project, environment, service, environmentId: '', operation: '' };
  const outputs: Outputs = {};
  const problems: Problem[] = [];
  const waitsFor = new Map<string, string[]>();
  for (const { resource, refersTo } of references(workload)) {
    if (resource !== undefined && refersTo !== undefined)
      waitsFor.set(resource, [...(waitsFor.get(resource) ?? []), refersTo]);
  }
  for (const name of provisionOrder(workload)) {
    // What is not there yet has no outputs that another one could be asked with.
    if ((waitsFor.get(name) ?? []).some((other) => !outputs[other])) continue;
    const declared = workload.resources?.[name];
    if (!declared) continue;
    const type = resourceType(declared.type);
    const identity = resourceIdentity(workload.metadata.name, name, declared);
    const { value, problems: found } = await problemsOf(async () => {
      const params = checkParams(type, name, expandParams(workload, name, outputs));
      const request: ResourceRequest = { ...ref, ...identity, workload, params };
      if (!type.owned) return type.provision(ports, request);
      await type.check?.(ports, request);
      const record = records.get(identity.uid);
      return record?.state === 'ready' ? record.outputs : undefined;
    });
    problems.push(...found);
    if (value) outputs[name] = value;
  }
  // What was taken without being named, and is gone since, is done without.
  const isTaken = new Set(variables);
  return [...problems, ...missing(ref, workload, outputs, isTaken)];
}

/** Variables and secrets that the environment does not have, each once, in the order of their names. */
function missing(
  { environment }: InstanceRef,
  workload: ScoreWorkload,
  outputs: Outputs,
  taken: ReadonlySet<string>,
): Problem[] {
  return [...usedOutputs(workload)].flatMap(([name, used]) => {
    const found = outputs[name];
    const declared = workload.resources?.[name];
    if (!found || !declared) return [];
    const isThere = (output: string): boolean =>
      Object.hasOwn(found.values, output) || Object.hasOwn(found.secrets, output);
    const isEnvironment = resourceType(declared.type).environmentSecrets !== undefined;
    return [...used]
      .filter((output) => !isThere(output) && !(isEnvironment && taken.has(output)))
      .sort()
      .map((output) => {
        if (!isEnvironment) return missingOutput(['resources', name, output], found);
        return new Problem(
          'unresolved_placeholder',
          `The placeholder \${resources.${name}.${output}} has no value: environment "${environment}" has no such variable or secret.`,
          { hint: putSecret(output) },
        );
      });
  });
}
