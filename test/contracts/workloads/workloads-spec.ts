/** Short ways to write specs, and to wait, for tests of workloads. */
import type { EnvironmentRef } from '../../../functions/core/model/index.ts';
import type { Problem } from '../../../functions/core/problem.ts';
import type { ContainerSpec, WorkloadSpec } from '../../../functions/ports/workloads.ts';

export const port = { name: 'web', port: 80, targetPort: 8080, protocol: 'TCP' as const };

export function containerSpec(digest: string, extra: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    name: 'main',
    digest,
    variables: [],
    files: [],
    volumes: [],
    limits: {},
    requests: {},
    before: {},
    ...extra,
  };
}

export function workloadSpec(
  environment: EnvironmentRef,
  number: number,
  container: ContainerSpec | ContainerSpec[],
  extra: Partial<WorkloadSpec> = {},
): WorkloadSpec {
  return {
    ...environment,
    service: 'web',
    number,
    fence: number,
    operation: `op-${number}`,
    containers: [container].flat(),
    ports: [port],
    routes: [],
    replicas: 1,
    progressDeadlineSeconds: 30,
    minReadySeconds: 0,
    drainSeconds: 10,
    ...extra,
  };
}

export const variable = (name: string, value: string, sensitive = false) => ({ name, value, sensitive });

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing was thrown',
    (error: Problem) => error.code ?? String(error),
  );
}

/** Waits for a state that the port has no event for. */
export async function eventually<T>(
  read: () => Promise<T> | T,
  isRight: (value: T) => boolean,
  ms = 30_000,
): Promise<T> {
  const until = Date.now() + ms;
  for (;;) {
    const value = await read();
    if (isRight(value)) return value;
    if (Date.now() > until) throw new Error(`It did not come to be; last seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
