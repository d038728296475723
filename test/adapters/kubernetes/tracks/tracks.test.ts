import { describe, expect, it } from 'vitest';
import type { StoredRoute } from '../../../../functions/adapters/kubernetes/http-routes.ts';
import {
  defaultRenderOptions,
  type KubernetesObject,
} from '../../../../functions/adapters/kubernetes/manifests/index.ts';
import {
  CONTENT_ANNOTATION,
  NUMBER_ANNOTATION,
  otherTrack,
  podSelector,
  SERVING_ANNOTATION,
  type Track,
} from '../../../../functions/adapters/kubernetes/manifests/labels.ts';
import { trackServiceName } from '../../../../functions/adapters/kubernetes/object-names.ts';
import type { Declared, StoredDeployment } from '../../../../functions/adapters/kubernetes/shared-reads.ts';
import { asStored, backendsOf } from '../../../../functions/adapters/kubernetes/tracks/backends.ts';
import {
  type Candidate,
  failed,
  nextPlace,
  parseTracks,
  promoted,
  type TrackState,
  withoutCandidate,
} from '../../../../functions/adapters/kubernetes/tracks/track-state.ts';
import type { WorkloadSpec } from '../../../../functions/ports/workloads.ts';
import { containerSpec, port, variable, workloadSpec } from '../../../contracts/workloads/workloads-spec.ts';
import { manifestsOf } from '../all-manifests.ts';

const ref = { project: 'demo', environment: 'dev', service: 'web' };
const NAMESPACE = 'berth-demo-dev';
const digest = `sha256:${'a'.repeat(64)}`;
const images = { [digest]: { reference: `registry.test/web@${digest}`, entrypoint: ['node'], cmd: [] } };
const options = { ...defaultRenderOptions, domain: 'apps.example.com' };
const gateway = options.gateway;
const specOf = (number: number, extra: Partial<WorkloadSpec> = {}, answer = 'one'): WorkloadSpec =>
  workloadSpec(ref, number, [containerSpec(digest, { variables: [variable('ANSWER', answer)] })], extra);

const candidate: Candidate = {
  track: 'b',
  since: 2,
  number: 2,
  role: 'candidate',
  isTrial: true,
  percent: 30,
  warmSeconds: 60,
  keepFailedSeconds: 0,
};
const tried: TrackState = { serving: { track: 'a', since: 1 }, beside: candidate };

describe('Which deployment is where', () => {
  it('what is promoted serves from its own track, and what served is warm on the other until its time', () => {
    expect(promoted(tried, candidate, 1, 5_000)).toEqual({
      serving: { track: 'b', since: 2 },
      beside: { track: 'a', since: 1, number: 1, role: 'warm', until: 65_000 },
    });
    expect(promoted(tried, candidate, undefined, 5_000)).toEqual({ serving: { track: 'b', since: 2 } });
    expect(promoted(tried, { ...candidate, warmSeconds: 0 }, 1, 5_000).beside).toBeUndefined();
  });

  it('what failed ends, or is kept for as long as it says, and what serves is the same', () => {
    expect(failed(tried, candidate, 0)).toEqual({ serving: tried.serving });
    expect(failed(tried, { ...candidate, keepFailedSeconds: 9 }, 0)).toMatchObject({
      serving: tried.serving,
      beside: { number: 2, role: 'failed', until: 9_000 },
    });
  });

  it('putting back what serves ends a candidate, and nothing that has no requests', () => {
    expect(withoutCandidate(tried)).toEqual({ serving: tried.serving });
    const warm = promoted(tried, candidate, 1, 0);
    expect(withoutCandidate(warm)).toBe(warm);
  });

  it('tracks alternate, so that no pod that serves is replaced for one that takes over', () => {
    expect(nextPlace(tried, 3)).toEqual({ track: 'b', since: 3 });
    expect(nextPlace(promoted(tried, candidate, 1, 0), 3)).toEqual({ track: 'a', since: 3 });
  });

  it('what was there before there were tracks is on the first one', () => {
    expect(parseTracks(undefined)).toEqual({ serving: { track: 'a', since: 0 } });
    expect(parseTracks('{')).toEqual(parseTracks(undefined));
    expect(parseTracks(JSON.stringify(tried))).toEqual(tried);
  });
});

describe('The objects of two tracks', () => {
  const kinds = ['Deployment', 'NetworkPolicy', 'PodDisruptionBudget'] as const;
  const of = (track: Track, spec = specOf(3, { replicas: 2, maxReplicas: 4 })) =>
    manifestsOf(spec, images, options, track);
  const named = (objects: KubernetesObject[], kind: string) => {
    const found = objects.find((object) => object.kind === kind);
    if (!found) throw new Error(`There is no ${kind}.`);
    return found;
  };

  it('have names and pods of their own; the first has the names of before', () => {
    for (const kind of kinds) {
      expect(named(of('a'), kind).metadata.name).toBe('web');
      expect(named(of('b'), kind).metadata.name).toMatch(/^web-[0-9a-f]{16}$/);
    }
    const selectors = (['a', 'b'] as const).map((track) => {
      const deployment = named(of(track), 'Deployment');
      return deployment.kind === 'Deployment' ? deployment.spec?.selector.matchLabels : undefined;
    });
    const [a, b] = selectors.map((labels) => labels?.['app.kubernetes.io/component']);
    expect(a).not.toBe(b);
    for (const each of [a, b]) expect(podSelector(ref).split(/[(),]/)).toContain(each);
    expect(otherTrack('a')).toBe('b');
  });

  it('have one autoscaler, of what serves: what has few requests or none is not scaled down', () => {
    for (const track of ['a', 'b'] as const) {
      const scalers = of(track).filter((object) => object.kind === 'HorizontalPodAutoscaler');
      expect(scalers.map(({ metadata, spec }) => [metadata.name, spec?.scaleTargetRef.name])).toEqual([
        ['web', named(of(track), 'Deployment').metadata.name],
      ]);
    }
  });

  it('are the same content where they differ in number and track alone, and hold no secret in it', () => {
    const contentOf = (objects: KubernetesObject[]) =>
      named(objects, 'Deployment').metadata.annotations?.[CONTENT_ANNOTATION];
    expect(contentOf(of('a', specOf(3)))).toBe(contentOf(of('b', specOf(9))));
    expect(contentOf(of('a', specOf(3)))).not.toBe(contentOf(of('a', specOf(3, {}, 'two'))));
    const secret = (value: string) =>
      workloadSpec(ref, 3, [containerSpec(digest, { variables: [variable('KEY', value, true)] })]);
    expect(contentOf(of('a', secret('s3cret-one')))).toBe(contentOf(of('a', secret('s3cret-two'))));
  });
});

/** What is stored of a Deployment. */
const deployment = (number: number, ports = [port]): StoredDeployment =>
  ({
    metadata: {
      annotations: {
        [NUMBER_ANNOTATION]: String(number),
        [SERVING_ANNOTATION]: JSON.stringify({ ports, routes: [], replicas: 1 }),
      },
    },
  }) as unknown as StoredDeployment;
const declared = (state: TrackState, beside?: StoredDeployment): Declared => ({
  state,
  serving: deployment(1),
  beside,
  resourceVersion: '',
});
const first = trackServiceName(ref, NAMESPACE, 1);
const second = trackServiceName(ref, NAMESPACE, 2);
const weights = (from: Declared, routes: StoredRoute[] = []) =>
  backendsOf(ref, NAMESPACE, from, routes, gateway)('route', 80).map(({ name, weight }) => [name, weight]);

describe('Where routes lead', () => {
  it('to what serves alone, or to both by their shares', () => {
    expect(weights(declared({ serving: tried.serving }))).toEqual([[first, 100]]);
    expect(weights(declared(tried, deployment(2)))).toEqual([
      [first, 70],
      [second, 30],
    ]);
    expect(weights(declared(promoted(tried, candidate, 1, 0), deployment(1)))).toEqual([
      [second, 100],
      [first, 0],
    ]);
  });

  it('never to another deployment that is still on the track, nor by a port that a candidate has not', () => {
    expect(weights(declared(tried, deployment(9)))).toEqual([[first, 100]]);
    expect(weights(declared(tried, deployment(2, [{ ...port, port: 81 }])))).toEqual([[first, 100]]);
  });

  const stored = (names: string[], isResolved: boolean): StoredRoute =>
    ({
      metadata: { name: 'route', generation: 4 },
      spec: {
        hostnames: ['web-dev-demo.apps.example.com'],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/' } }],
            backendRefs: names.map((name) => ({ kind: 'Service', name, port: 80 })),
          },
        ],
      },
      status: {
        parents: [
          {
            parentRef: gateway,
            conditions: [
              { type: 'ResolvedRefs', status: isResolved ? 'True' : 'False', observedGeneration: 4 },
            ],
          },
        ],
      },
    }) as unknown as StoredRoute;

  it('to the Service of before there were tracks until the gateway knows that of what serves', () => {
    const from = declared(tried, deployment(2));
    const standsIn = [
      ['web', 70],
      [first, 0],
      [second, 30],
    ];
    expect(weights(from, [stored(['web'], true)])).toEqual(standsIn);
    expect(weights(from, [stored(['web', first], false)])).toEqual(standsIn);
    expect(weights(from, [stored(['web', first], true)])).toEqual([
      [first, 70],
      [second, 30],
    ]);
  });

  it('what was there before is read of what is stored', () => {
    const service = { spec: { ports: [{ name: 'port-0', port: 80, targetPort: 8080, protocol: 'TCP' }] } };
    const other = stored(['web'], true);
    other.spec.hostnames = ['shop.example.com'];
    expect(asStored(ref, service, [stored(['web'], true), other], undefined, 3)).toEqual({
      ports: [{ name: 'port-0', port: 80, targetPort: 8080, protocol: 'TCP' }],
      routes: [{ host: 'shop.example.com', path: '/', port: 80 }],
      replicas: 3,
    });
  });
});
