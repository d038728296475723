/**
 * Runs the processes of a service as workloads beside its web, over any Workloads: an adapter knows nothing of them. Each runs
 * under a name of its own, without ports, and is rolled out, stopped and removed with the service.
 */
import type { InstanceRef, Processes } from '../../core/model/index.ts';
import { processService } from '../../core/names.ts';
import { Problem } from '../../core/problem.ts';
import { specsApart } from '../../ports/rules/workloads/specs-apart.ts';
import type { ExecRequest, MetricSample, Rollout, WorkloadSpec, Workloads } from '../../ports/workloads.ts';

const webOf = <Ref extends InstanceRef>({ processes: _, ...ref }: Ref): Omit<Ref, 'processes'> => ref;
const refOf = (instance: InstanceRef, process: string): InstanceRef => ({
  ...webOf(instance),
  service: processService(instance.service, process),
});
const namesOf = ({ processes = {} }: { processes?: Processes }): string[] => Object.keys(processes);
const runningOf = (instance: InstanceRef): string[] =>
  namesOf(instance).filter((name) => (instance.processes?.[name]?.replicas ?? 0) > 0);

/** Puts the name that people know in place of that in the place. */
const wordsOf =
  ({ service }: Pick<InstanceRef, 'service'>, process: string) =>
  (text: string): string =>
    text.replaceAll(processService(service, process), `process ${process} of ${service}`);

/** As an adapter says it, in words that people know. */
function inWords(rollout: Rollout, instance: InstanceRef, process: string): Rollout {
  if (rollout.state !== 'failed') return rollout;
  const named = wordsOf(instance, process);
  const { code, cause, hint } = rollout.error;
  return { state: 'failed', error: { code, cause: named(cause), hint: named(hint) } };
}

/** Runs what may be refused, in words that people know. */
async function refusedInWords<Result>(
  instance: Pick<InstanceRef, 'service'>,
  process: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const named = wordsOf(instance, process);
    throw new Problem(error.code, named(error.message), { hint: named(error.hint), cause: error });
  }
}

/** @throws Problem not_found */
function processSpec(spec: WorkloadSpec, process: string): WorkloadSpec {
  const own = specsApart(spec).processes.get(process);
  if (own) return own;
  throw new Problem(
    'not_found',
    `Deployment ${spec.number} of ${spec.service} has no process "${process}".`,
    {
      hint: 'Wait until the deployment that brings the process serves, or name another one.',
    },
  );
}

/** What several use together, at the times of the first: of each other one its sample of then, or the one before. */
function together(first: readonly MetricSample[], others: readonly MetricSample[][]): MetricSample[] {
  return first.map(({ at, cpu, memoryBytes }) => {
    const then = others.flatMap((samples) => samples.findLast((one) => one.at <= at) ?? samples[0] ?? []);
    return {
      at,
      cpu: then.reduce((sum, one) => sum + one.cpu, cpu),
      memoryBytes: then.reduce((sum, one) => sum + one.memoryBytes, memoryBytes),
    };
  });
}

export function withProcesses(places: Workloads): Workloads {
  const { exec } = places;
  return {
    ...places,
    async apply(spec) {
      const { web, processes } = specsApart(spec);
      await places.apply(web);
      // What is tried takes a share of the requests, and a process would take all of its work.
      if (spec.trial) return;
      for (const own of processes.values())
        await (own.replicas === 0 ? places.remove(own, own.fence) : places.apply(own));
    },
    async awaitRollout(instance, number, signal) {
      const names = runningOf(instance);
      if (names.length === 0) return places.awaitRollout(webOf(instance), number, signal);
      const failed = new AbortController();
      const both = AbortSignal.any([signal, failed.signal]);
      const ended = async (rollout: Promise<Rollout>): Promise<Rollout> => {
        const found = await rollout;
        if (found.state === 'failed') failed.abort(new Error('another process of the service has failed'));
        return found;
      };
      const rollouts = await Promise.all([
        ended(places.awaitRollout(webOf(instance), number, both)),
        ...names.map(async (name) =>
          inWords(await ended(places.awaitRollout(refOf(instance, name), number, both)), instance, name),
        ),
      ]);
      const found = (state: Rollout['state']): Rollout | undefined =>
        rollouts.find((rollout) => rollout.state === state);
      return found('failed') ?? found('progressing') ?? { state: 'ready' };
    },
    runRelease: (spec, command, signal) => places.runRelease(specsApart(spec).web, command, signal),
    async runCommand(spec, { process, ...run }, signal) {
      if (process === undefined) return places.runCommand(specsApart(spec).web, run, signal);
      const own = processSpec(spec, process);
      return refusedInWords(spec, process, () => places.runCommand(own, run, signal));
    },
    endCommand: (instance, operation, process) =>
      places.endCommand(process === undefined ? webOf(instance) : refOf(instance, process), operation),
    ...(exec && {
      async exec(instance: InstanceRef, { process, ...request }: ExecRequest) {
        if (process === undefined) return exec(webOf(instance), request);
        return refusedInWords(instance, process, () => exec(refOf(instance, process), request));
      },
    }),
    async scale(instance, replicas, fence, process) {
      if (process !== undefined) return places.scale(refOf(instance, process), replicas, fence);
      await places.scale(webOf(instance), replicas, fence);
      if (replicas > 0) return;
      await Promise.all(namesOf(instance).map((name) => places.scale(refOf(instance, name), 0, fence)));
    },
    async remove(instance, fence, process) {
      if (process !== undefined) return places.remove(refOf(instance, process), fence);
      await places.remove(webOf(instance), fence);
      await Promise.all(namesOf(instance).map((name) => places.remove(refOf(instance, name), fence)));
    },
    async status(instance) {
      const web = await places.status(webOf(instance));
      const names = runningOf(instance);
      if (!web || names.length === 0) return web;
      const found = await Promise.all(
        names.map(async (name) => ({ name, status: await places.status(refOf(instance, name)) })),
      );
      return {
        ...web,
        replicas: [
          ...web.replicas,
          ...found.flatMap(({ name, status }) =>
            (status?.replicas ?? []).map((replica) => ({ ...replica, process: name })),
          ),
        ],
        processes: Object.fromEntries(
          found.map(({ name, status }) => [
            name,
            { desiredReplicas: status?.desiredReplicas ?? 0, readyReplicas: status?.readyReplicas ?? 0 },
          ]),
        ),
      };
    },
    async kill(instance, replica) {
      await Promise.all([
        places.kill(webOf(instance), replica),
        ...runningOf(instance).map((name) => places.kill(refOf(instance, name), replica)),
      ]);
    },
    async metrics(instance, windowSeconds) {
      const [web = [], ...others] = await Promise.all([
        places.metrics(webOf(instance), windowSeconds),
        ...runningOf(instance).map((name) => places.metrics(refOf(instance, name), windowSeconds)),
      ]);
      return together(web, others);
    },
  };
}
