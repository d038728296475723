/** Objects as an API server keeps them, in memory: what of it the tests of writes need. */
import type { Stored } from '../../../../functions/adapters/kubernetes/api/apply.ts';
import type { KubernetesClient, Query } from '../../../../functions/adapters/kubernetes/api/client.ts';
import {
  type Collection,
  collectionPath,
  objectPath,
  pathOf,
} from '../../../../functions/adapters/kubernetes/api/object-paths.ts';
import type { KubernetesObject } from '../../../../functions/adapters/kubernetes/manifests/index.ts';
import { fenceName } from '../../../../functions/adapters/kubernetes/object-names.ts';
import type { TrackState } from '../../../../functions/adapters/kubernetes/tracks/track-state.ts';
import type { InstanceRef } from '../../../../functions/core/model/index.ts';

export interface StoredObjects {
  client: KubernetesClient;
  /** Method and path of each write, in their order. */
  writes: string[];
  /** What others write. */
  put(object: KubernetesObject): unknown;
  putTracks(namespace: string, ref: InstanceRef, state: TrackState): void;
  /** As they are stored: a change of them is one by hand. */
  all<T extends Stored>(kind: Collection): T[];
  pathOf: typeof objectPath;
}

const plural = (kind: Collection): string => collectionPath(kind).split('/').at(-1) ?? '';

/** Of a kind in its namespace, or in all of them. */
function isIn(at: string, collection: string): boolean {
  const [kind = ''] = collection.split('/').slice(-1);
  const base = collection.slice(0, -kind.length - 1);
  return (
    at.startsWith(`${collection}/`) || (at.startsWith(`${base}/namespaces/`) && at.split('/').at(-2) === kind)
  );
}

/** `a=b,c=d` */
const hasLabels = ({ metadata }: Stored, selector: string): boolean =>
  selector.split(',').every((one) => {
    const [name = '', value] = one.split('=');
    return name === '' || metadata.labels?.[name] === value;
  });

const unused = (): never => {
  throw new Error('Nothing asks for it here.');
};

export function createStoredObjects(): StoredObjects {
  const stored = new Map<string, Stored>();
  const writes: string[] = [];
  let version = 0;

  function keep(object: KubernetesObject): Stored {
    const path = pathOf(object);
    const { metadata, ...rest } = structuredClone({ metadata: object.metadata, ...settled(object) });
    const uid = stored.get(path)?.metadata.uid ?? `uid-${version}`;
    version++;
    const kept = {
      ...rest,
      metadata: { ...metadata, uid, resourceVersion: String(version), generation: version },
    };
    stored.set(path, kept);
    return kept;
  }

  /** What a server adds to a Service by itself, and a gateway says of what is its. */
  function settled(object: KubernetesObject): object {
    const conditions = ['Accepted', 'ResolvedRefs', 'Programmed'].map((type) => ({ type, status: 'True' }));
    switch (object.kind) {
      case 'Service':
        return { ...object, spec: { ...object.spec, clusterIP: '10.0.0.1', type: 'ClusterIP' } };
      case 'Gateway':
        return { ...object, status: { conditions } };
      case 'HTTPRoute':
        return {
          ...object,
          status: { parents: object.spec.parentRefs.map((parentRef) => ({ parentRef, conditions })) },
        };
      default:
        return object;
    }
  }

  const client: KubernetesClient = {
    get: async <T>(path: string) => stored.get(path) as T | undefined,
    list: async <T>(path: string, { labelSelector = '' }: Query = {}) => ({
      metadata: { resourceVersion: String(version) },
      items: [...stored]
        .filter(([at, object]) => isIn(at, path) && hasLabels(object, String(labelSelector)))
        .map(([, object]) => object as T),
    }),
    async call<T>(method: string, path: string, { body }: { body?: unknown } = {}) {
      writes.push(`${method} ${path}`);
      if (method !== 'DELETE') return keep(body as KubernetesObject) as T;
      stored.delete(path);
      return undefined as T;
    },
    text: unused,
    status: unused,
    lines: unused,
    watch: unused,
    address: async () => ({ url: '' }),
    close: () => undefined,
  };
  return {
    client,
    writes,
    put: keep,
    putTracks: (namespace, ref, state) =>
      void keep({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: fenceName(ref), namespace },
        data: { tracks: JSON.stringify(state) },
      }),
    all: <T extends Stored>(kind: Collection) =>
      [...stored].flatMap(([path, object]) => (path.includes(`/${plural(kind)}/`) ? [object as T] : [])),
    pathOf: objectPath,
  };
}
