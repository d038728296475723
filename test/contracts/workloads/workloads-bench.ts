/** A place to try workloads in, and what the guarantees are tried with. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { LogLine } from '../../../functions/ports/logs.ts';
import type { ContainerSpec, Rollout, WorkloadSpec, Workloads } from '../../../functions/ports/workloads.ts';
import { programs } from './workload-programs.ts';
import { containerSpec, eventually, port, variable } from './workloads-spec.ts';

export interface WorkloadsSubject {
  workloads: Workloads;
  /** Puts an image with `/app/main.mjs` in the registry, run by `node main.mjs`; resolves to its digest. */
  image(source: string): Promise<string>;
  logs(instance: InstanceRef): LogLine[] | Promise<LogLine[]>;
  /** Where this process reaches what `endpoint` names; the same where absent. */
  reach?(instance: InstanceRef, endpoint: Endpoint): Promise<Endpoint>;
  close(): Promise<void>;
}

type Endpoint = Awaited<ReturnType<Workloads['endpoint']>>;

export interface WorkloadsCapabilities {
  /** Programs really run: they answer, print and write. Without it, nodes only simulate that they do. */
  runsPrograms: boolean;
  /**
   * They run in pods: a start and an end take seconds, so that tests run beside each other, and the API has one stream
   * of output for both.
   */
  inPods?: boolean;
  /** A start takes a second or more, before the program has said anything. */
  startsSlowly?: boolean;
}

export type WorkloadsBench = ReturnType<typeof openBench>;

let counter = 0;

/** Inside of a suite: its subject is made before the first test, and closed behind the last one. */
export function openBench(
  makeSubject: () => Promise<WorkloadsSubject>,
  { runsPrograms, inPods = false, startsSlowly = inPods }: WorkloadsCapabilities,
) {
  let subject: WorkloadsSubject;
  let workloads: Workloads;
  let server: string;
  beforeAll(async () => {
    subject = await makeSubject();
    workloads = subject.workloads;
    server = await subject.image(programs.server);
  });
  afterAll(() => subject.close());

  async function place(environmentId?: string): Promise<InstanceRef> {
    const environment = { project: 'demo', environment: `env-${++counter}` };
    const named = { ...environment, ...(environmentId !== undefined && { environmentId }) };
    await workloads.ensureEnvironment(named, { operation: 'op' });
    return { ...environment, service: 'web' };
  }
  const rollout = (ref: InstanceRef, number: number): Promise<Rollout> =>
    workloads.awaitRollout(ref, number, AbortSignal.timeout(60_000));

  async function deploy(spec: WorkloadSpec): Promise<Rollout> {
    await workloads.apply(spec);
    const result = await rollout(spec, spec.number);
    // What a cluster has told its nodes, they know a moment later.
    if (inPods && result.state === 'ready')
      await eventually(
        () =>
          get(spec).then(
            () => true,
            () => false,
          ),
        (isReached) => isReached,
        60_000,
      );
    return result;
  }
  /** The proxy of a node may hear of a pod a moment after it is ready: nothing was sent then. */
  const isUnconnected = (error: unknown): boolean =>
    error instanceof TypeError &&
    ['UND_ERR_CONNECT_TIMEOUT', 'ECONNREFUSED'].includes((error.cause as { code?: string })?.code ?? '');
  async function get(ref: InstanceRef, path = '/'): Promise<string> {
    const endpoint = await workloads.endpoint(ref, port);
    const { hostname, port: at } = (await subject.reach?.(ref, endpoint)) ?? endpoint;
    for (let tries = 1; ; tries++)
      try {
        const init = { headers: { connection: 'close' } };
        return await (await fetch(`http://${hostname}:${at}${path}`, init)).text();
      } catch (error) {
        if (!inPods || tries === 3 || !isUnconnected(error)) throw error;
      }
  }
  async function answers(ref: InstanceRef, text: string, path = '/'): Promise<void> {
    // Of two versions the node's proxy may still know the one before.
    if (inPods)
      await eventually(
        () => get(ref, path).catch(() => ''),
        (answer) => answer === text,
      );
    else if (runsPrograms) expect(await get(ref, path)).toBe(text);
  }
  /** Stays the same for as long as the same processes serve. */
  async function identity(ref: InstanceRef): Promise<string> {
    if (runsPrograms && !inPods) return get(ref, '/life');
    const replicas = (await workloads.status(ref))?.replicas ?? [];
    return replicas.flatMap(({ id, state }) => (state === 'ready' ? id : [])).join();
  }
  /** What of an environment's inventory is of this kind, once it had time to go. */
  const left = (ref: InstanceRef, kind: RegExp): Promise<string[]> =>
    eventually(
      async () => (await workloads.inventory(ref)).filter((item) => kind.test(item)),
      (items) => items.length === 0,
    );
  const answering = (text: string, extra: Partial<ContainerSpec> = {}): ContainerSpec =>
    containerSpec(server, { ...extra, variables: [variable('ANSWER', text), ...(extra.variables ?? [])] });
  async function failure(spec: WorkloadSpec) {
    const result = await deploy(spec);
    if (result.state !== 'failed') throw new Error(`Expected a failure, got ${JSON.stringify(result)}`);
    return result.error;
  }

  return {
    /** For what only a running program can show. */
    itRuns: it.runIf(runsPrograms),
    ...{ runsPrograms, inPods, startsSlowly },
    ...{ place, rollout, deploy, get, answers, identity, left, answering, failure },
    get subject() {
      return subject;
    },
    get workloads() {
      return workloads;
    },
    /** The digest of an image that answers. */
    get server() {
      return server;
    },
  };
}
