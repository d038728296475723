/** Plain manifests, by the very code that renders for the clusters of Berth. */
import type { EnvironmentRef } from '../../../core/model/index.ts';
import { deriveName } from '../../../core/names.ts';
import { Problem } from '../../../core/problem.ts';
import type { Manifests, PlainNamespace } from '../../../ports/manifests.ts';
import type { Registry } from '../../../ports/registry.ts';
import { renderAutoscaler } from '../manifests/deployment-manifest.ts';
import {
  type KubernetesObject,
  type RenderOptions,
  renderEnvironment,
  renderManifests,
  renderVolumeClaim,
} from '../manifests/index.ts';
import { renderService } from '../manifests/network-manifests.ts';
import { LABEL_MAX, serviceName } from '../object-names.ts';
import { type ImageReference, imagesOf } from '../resolved-images.ts';
import { toPlain } from './strip.ts';

export interface ManifestsOptions {
  registry: Pick<Registry, 'resolve'>;
  /** Absent where no cluster pulls images from here. */
  imageReference?: ImageReference | undefined;
  render: Omit<RenderOptions, 'domain' | 'scheme'>;
}

const PLACED = { track: 'a', since: 0 } as const;

export const createManifests = ({ registry, imageReference, render }: ManifestsOptions): Manifests => ({
  async open(environment, { namespace: given, registry: elsewhere }): Promise<PlainNamespace> {
    const { project, environment: name } = environment;
    const namespace = given ?? deriveName([project, name], LABEL_MAX);
    const reference: ImageReference | undefined =
      elsewhere === undefined
        ? imageReference
        : ({ project, service }, digest) => `${elsewhere}/${project}/${service}@${digest}`;
    if (!reference) throw noRegistry();
    const options = withoutWayIn(render);
    const claims = new Map<string, KubernetesObject>();
    const plain = (objects: KubernetesObject[]) => objects.map((object) => toPlain(object, namespace));
    return {
      name: namespace,
      workloads: {
        endpoint: async (instance, { port }) => ({ hostname: serviceName(instance), port }),
        async ensureVolume(ref: EnvironmentRef, name, sizeBytes) {
          claims.set(name, renderVolumeClaim(ref, name, sizeBytes, options));
          return name;
        },
      },
      frame: () => plain([...renderEnvironment(environment, '', options), ...claims.values()]),
      async workload(spec) {
        const { images, labels } = await imagesOf(registry, reference, spec);
        const place = { namespace };
        const objects = [
          ...renderManifests(spec, images, options, PLACED),
          // Routes, and the Service that they lead to, are for Berth's own gateway.
          ...renderService(spec, place, serviceName(spec), PLACED.track),
          ...renderAutoscaler(spec, place, PLACED.track),
        ];
        return {
          objects: plain(objects),
          images: Object.entries(images).map(([digest, image]) => ({
            digest,
            reference: image.reference,
            labels: labels[digest] ?? {},
          })),
        };
      },
    };
  },
});

/** What brings requests from outside is not known there: nothing is let in before somebody says what. */
const withoutWayIn = ({ activator: _, ...render }: ManifestsOptions['render']): RenderOptions => ({
  ...render,
  domain: 'example.invalid',
  scheme: 'https',
  network: { ...render.network, gatewayNamespaces: [], gatewayCidrs: [] },
});

const noRegistry = (): Problem =>
  new Problem('invalid_request', 'The manifests need a registry: no cluster pulls images from this Berth.', {
    hint: 'Say where the cluster will pull them from: ?registry=registry.example.com/team, or --registry on the command line.',
  });
