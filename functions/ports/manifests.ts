/** What runs, as plain Kubernetes objects that need no Berth: for who leaves, or wants to see what runs. */
import type { EnvironmentRef } from '../core/model/index.ts';
import type { WorkloadSpec, Workloads } from './workloads.ts';

/** An object as the Kubernetes API takes it. */
export type PlainObject = Record<string, unknown>;

/** A namespace that nothing is made in: what it would be is written down. */
export interface PlainNamespace {
  name: string;
  /** Where workloads find each other and their volumes there. A volume that is asked for is among `frame`. */
  workloads: Pick<Workloads, 'endpoint' | 'ensureVolume'>;
  /** The namespace with its limits, its network, and the volumes that were asked for. In the order to be made. */
  frame(): PlainObject[];
  /**
   * A workload with what it needs, in the order to be made. Nothing leads to it from outside of the namespace.
   * @throws Problem image_unavailable | invalid_score
   */
  workload(spec: WorkloadSpec): Promise<{ objects: PlainObject[]; images: PlainImage[] }>;
}

export interface PlainImage {
  digest: string;
  /** As the manifests name it: `registry.example/demo/web@sha256:...`. */
  reference: string;
  labels: Record<string, string>;
}

export interface Manifests {
  /**
   * @param namespace a label of at most 63 characters; of the names of project and environment, without it
   * @param registry where the images will be, such as `registry.example/team`; where Berth's clusters pull from,
   * without it
   * @throws Problem invalid_request where it is needed
   */
  open(
    environment: EnvironmentRef,
    where: { namespace?: string | undefined; registry?: string | undefined },
  ): Promise<PlainNamespace>;
}
