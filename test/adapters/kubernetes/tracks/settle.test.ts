/** What is written to a cluster while a rollout is looked at. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { StoredRoute } from '../../../../functions/adapters/kubernetes/http-routes.ts';
import {
  defaultRenderOptions,
  type KubernetesObject,
} from '../../../../functions/adapters/kubernetes/manifests/index.ts';
import { serviceName, trackServiceName } from '../../../../functions/adapters/kubernetes/object-names.ts';
import { settle } from '../../../../functions/adapters/kubernetes/tracks/settle.ts';
import type { TrackState } from '../../../../functions/adapters/kubernetes/tracks/track-state.ts';
import { containerSpec, workloadSpec } from '../../../contracts/workloads/workloads-spec.ts';
import { manifestsOf } from '../all-manifests.ts';
import { createStoredObjects, type StoredObjects } from './stored-objects.ts';

const ref = { project: 'demo', environment: 'dev', service: 'web' };
const NAMESPACE = 'berth-demo-dev';
const digest = `sha256:${'a'.repeat(64)}`;
const images = { [digest]: { reference: `registry.test/web@${digest}`, entrypoint: ['node'], cmd: [] } };
const render = { ...defaultRenderOptions, domain: 'apps.example.com' };

const deployment = (number: number, track: 'a' | 'b'): KubernetesObject => {
  const spec = workloadSpec(ref, number, [containerSpec(digest)], {
    replicas: 2,
    maxReplicas: 4,
    routes: [{ host: 'shop.example.com', path: '/', port: 80 }],
  });
  const found = manifestsOf(spec, images, render, track).find(({ kind }) => kind === 'Deployment');
  if (!found) throw new Error('There is no Deployment.');
  return found;
};

const candidate = { track: 'b', since: 2, number: 2, role: 'candidate', isTrial: true } as const;
const tried = (percent: number): TrackState => ({
  serving: { track: 'a', since: 1 },
  beside: { ...candidate, percent, warmSeconds: 60, keepFailedSeconds: 0 },
});

describe('A look at what leads to a workload', () => {
  let objects: StoredObjects;
  const writes = async (): Promise<string[]> => {
    await settle({ client: objects.client, render, hasTracks: true }, ref);
    return objects.writes.splice(0);
  };
  beforeEach(async () => {
    objects = createStoredObjects();
    objects.put(deployment(1, 'a'));
    objects.putTracks(NAMESPACE, ref, { serving: { track: 'a', since: 1 } });
    await writes();
  });

  it('writes nothing where all is as it shall be, however often it comes', async () => {
    expect(objects.all('HTTPRoute')).toHaveLength(2);
    for (let look = 0; look < 3; look++) expect(await writes()).toEqual([]);
  });

  it('writes the routes alone where shares change, and each of them once', async () => {
    objects.put(deployment(2, 'b'));
    objects.putTracks(NAMESPACE, ref, tried(0));
    await writes();
    objects.putTracks(NAMESPACE, ref, tried(30));
    const wrote = await writes();
    expect(wrote).toHaveLength(2);
    for (const one of wrote) expect(one).toMatch(/^PATCH .*\/httproutes\//);
    for (const { spec } of objects.all<StoredRoute>('HTTPRoute'))
      expect(spec.rules[0]?.backendRefs.map(({ weight }) => weight)).toEqual([70, 30]);
    expect(await writes()).toEqual([]);
  });

  it('undoes what was changed by hand, and leaves alone what is not Berth’s', async () => {
    const [route] = objects.all<StoredRoute>('HTTPRoute');
    const [rule] = route?.spec.rules ?? [];
    if (!route || !rule) throw new Error('There is no route.');
    rule.filters = [
      { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'X-Who', value: 'me' }] } },
    ];
    expect(await writes()).toEqual([`PATCH ${objects.pathOf('HTTPRoute', route.metadata.name, NAMESPACE)}`]);
    const service = objects
      .all<StoredRoute & { spec: { selector: Record<string, string> } }>('Service')
      .find(({ metadata }) => metadata.name === serviceName(ref));
    if (!service) throw new Error('There is no Service.');
    service.metadata.annotations = { 'example.com/theirs': 'yes' };
    expect(await writes()).toEqual([]);
    service.spec.selector['app.kubernetes.io/component'] = 'other';
    expect(await writes()).toEqual([`PATCH ${objects.pathOf('Service', serviceName(ref), NAMESPACE)}`]);
  });

  it('leads back to what serves alone in one write a route, and removes what nobody needs', async () => {
    objects.put(deployment(2, 'b'));
    objects.putTracks(NAMESPACE, ref, tried(50));
    await writes();
    objects.putTracks(NAMESPACE, ref, { serving: { track: 'a', since: 1 } });
    const wrote = await writes();
    expect(wrote.filter((one) => one.startsWith('PATCH'))).toHaveLength(2);
    expect(wrote.filter((one) => one.startsWith('DELETE')).sort()).toEqual(
      [
        `DELETE ${objects.pathOf('Service', trackServiceName(ref, NAMESPACE, 2), NAMESPACE)}`,
        `DELETE ${objects.pathOf('Deployment', deployment(2, 'b').metadata.name, NAMESPACE)}`,
      ].sort(),
    );
    expect(await writes()).toEqual([]);
  });
});
