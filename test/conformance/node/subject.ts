/** The Workloads port over a real node: images are pushed to a registry, pulled and run. */
import { execInPod } from '../../../functions/adapters/kubernetes/commands/pod-session.ts';
import { createKubernetesLogs } from '../../../functions/adapters/kubernetes/logs/logs.ts';
import type { KubernetesWorkloadsOptions } from '../../../functions/adapters/kubernetes/workloads.ts';
import { createOciRegistry } from '../../../functions/adapters/oci/registry.ts';
import type { InstanceRef } from '../../../functions/core/model/index.ts';
import type { Logs } from '../../../functions/ports/logs.ts';
import type { WorkloadsSubject } from '../../contracts/workloads/workloads-bench.ts';
import { makeKubernetesSubject } from '../kubernetes/subject.ts';
import { type ProgramImage, programOf, pushProgram } from '../support/node/images.ts';
import { REGISTRY, type RealPlace, STORAGE_CLASS } from './place.ts';

const none: Logs = {
  append: () => undefined,
  read: async () => [],
  page: async () => ({ lines: [] }),
  async *follow() {},
  close: async () => undefined,
};

let counter = 0;

export interface RealSubject extends WorkloadsSubject {
  /** The namespace of an environment. */
  namespace(environment: string): string;
  /** @param service whose image it is; `web` unless told */
  push(image: ProgramImage, service?: string): Promise<string>;
}

export async function makeRealSubject(
  { cluster, registry }: RealPlace,
  options: Partial<KubernetesWorkloadsOptions> = {},
): Promise<RealSubject> {
  // Without a dash, since a name that could be read in two ways has a hash at its end.
  const prefix = `n${process.pid}x${++counter}`;
  const render = { namespacePrefix: prefix, storageClass: STORAGE_CLASS, ...options.render };
  const subject = await makeKubernetesSubject(cluster, {
    exec: execInPod,
    registry: createOciRegistry({ url: registry.url, prefix: 'berth', now: Date.now }),
    imageReference: ({ project, service }, digest) => `${REGISTRY}/berth/${project}/${service}@${digest}`,
    ...options,
    render,
  });
  const logs = createKubernetesLogs({ client: cluster.client, render, rest: none });
  const push = (image: ProgramImage, service = 'web'): Promise<string> =>
    pushProgram(registry, `berth/demo/${service}`, `v${++counter}`, image);
  const images = new Map<string, Promise<string>>();
  return {
    workloads: subject.workloads,
    push,
    namespace: (environment) => `/api/v1/namespaces/${prefix}-demo-${environment}`,
    image(source) {
      const pushed = images.get(source) ?? push(programOf(source));
      images.set(source, pushed);
      return pushed;
    },
    logs: ({ project, environment, service }: InstanceRef) =>
      logs.read(`${project}/${environment}/${service}`, { tail: 200 }),
    /** By its cluster address, which the name stands for inside. */
    async reach(_, { hostname, port }) {
      const [name, namespace] = hostname.split('.');
      const found = await cluster.client.get<{ metadata: object; spec: { clusterIP: string } }>(
        `/api/v1/namespaces/${namespace}/services/${name}`,
      );
      return { hostname: found?.spec.clusterIP ?? hostname, port };
    },
    close: () => subject.close(),
  };
}
