/** Routes of places: the clusters that environments can be in, for those who run the installation. */
import * as z from 'zod';
import { changePlace, createPlace, type NewPlace, removePlace } from '../../commands/places/places.ts';
import { sightingsKey } from '../../core/keys.ts';
import { HOME, type Place, type PlaceSightings } from '../../core/model/index.ts';
import { placesOf } from '../../core/placement/choose-place.ts';
import type { Ports } from '../../ports/index.ts';
import type { Reply } from '../../records/commit.ts';
import { getPlace, readPlaces } from '../../records/places.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact } from '../http/schemas.ts';
import { changedPlaceBody, newPlaceBody, placeSchema, placeView } from './place-view.ts';

const listSchema = z.object({ items: z.array(placeSchema) });

/** What was seen of all places; of the installation's own, how it is now. */
async function sightings({ store, workloads }: Ports): Promise<PlaceSightings> {
  const [seen, isHere] = await Promise.all([
    store.get<PlaceSightings>(sightingsKey),
    (workloads.check?.() ?? Promise.resolve()).then(
      () => true,
      () => false,
    ),
  ]);
  const own = isHere ? { state: 'reachable' as const } : { state: 'unreachable' as const };
  return { ...seen?.data, [HOME]: { ...own, since: '' } };
}

const gatewayOf = (text: string): { namespace: string; name: string } => {
  const [namespace = '', name = ''] = text.split('/');
  return { namespace, name };
};

function newPlace(body: z.output<typeof newPlaceBody>): NewPlace {
  const { name, access, domain, scheme = 'https', storageClass, labels = {}, databases = false } = body;
  const { gateway = 'berth-gateway/berth', projects, environments } = body;
  return {
    name,
    cluster: compact({ access, domain, scheme, gateway: gatewayOf(gateway), storageClass }),
    labels,
    databases,
    ...(body.default && { isDefault: true as const }),
    ...compact({ projects, environments }),
  };
}

const path = '/v1/places/{place}';
const shown = { 200: { summary: 'The place', schema: placeSchema } };

export const routes = [
  route({
    method: 'get',
    path: '/v1/places',
    policy: { action: 'place.read', scope: 'platform' },
    operationId: 'listPlaces',
    summary: 'List the places that workloads run in',
    description: `The first is \`${HOME}\`, the installation's own.`,
    tag: 'Places',
    answers: { 200: { summary: 'All of them', schema: listSchema } },
    handle: async ({ ports }) => {
      const places = placesOf((await readPlaces(ports.store))?.data);
      const seen = await sightings(ports);
      return { status: 200, body: { items: places.map((place) => placeView(place, seen[place.name])) } };
    },
  }),
  route({
    method: 'post',
    path: '/v1/places',
    policy: { action: 'place.govern', scope: 'platform' },
    operationId: 'createPlace',
    summary: 'Add a cluster as a place',
    description:
      'Environments can be created in it from then on. It need not be reachable yet: its `state` says whether it is.',
    tag: 'Places',
    body: newPlaceBody,
    bodyExamples: {
      'a cluster of another account': {
        name: 'emea',
        access: {
          kind: 'eks',
          cluster: 'apps',
          region: 'eu-west-1',
          role: 'arn:aws:iam::444455556666:role/berth-place',
        },
        domain: 'emea.apps.example.com',
        labels: { region: 'eu' },
        projects: ['shop', 'team-a-*'],
      },
      'a context of the kubeconfig': {
        name: 'lab',
        access: { kind: 'kubeconfig', context: 'lab' },
        domain: 'lab.example.com',
      },
    },
    answers: { 201: { summary: 'Added', schema: placeSchema, location: true } },
    problems: ['already_exists', 'conflict'],
    handle: ({ ports, body, change }) =>
      change(
        (place: Place): Reply => ({
          status: 201,
          body: placeView(place, undefined),
          location: `/v1/places/${place.name}`,
        }),
        (caller) => createPlace(ports, caller, newPlace(body)),
      ),
  }),
  route({
    method: 'get',
    path,
    policy: { action: 'place.read', scope: 'platform' },
    operationId: 'getPlace',
    summary: 'Read a place, and how it was last seen',
    tag: 'Places',
    answers: shown,
    problems: ['not_found'],
    handle: async ({ ports, params }) => {
      const place = await getPlace(ports.store, params.place);
      return { status: 200, body: placeView(place, (await sightings(ports))[place.name]) };
    },
  }),
  route({
    method: 'patch',
    path,
    policy: { action: 'place.govern', scope: 'platform' },
    operationId: 'changePlace',
    summary: 'Change who may use a place, its labels, or how workloads are served there',
    description:
      'Environments that are in it stay there. Which cluster it is can not be changed: what runs is in that one.',
    tag: 'Places',
    body: changedPlaceBody,
    bodyExamples: {
      'for production alone': { environments: ['production'], labels: { region: 'eu', tier: 'production' } },
    },
    answers: { 200: { summary: 'As it is now', schema: placeSchema } },
    problems: ['not_found', 'conflict'],
    handle: ({ ports, params, body, change }) =>
      change(
        (place: Place): Reply => ({ status: 200, body: placeView(place, undefined) }),
        (caller) => {
          const { domain, scheme, gateway, storageClass, default: isDefault, ...rest } = body;
          const at = gateway === undefined ? undefined : gatewayOf(gateway);
          const cluster = compact({ domain, scheme, gateway: at, storageClass });
          return changePlace(ports, caller, params.place, {
            ...compact(rest),
            ...(isDefault && { isDefault }),
            ...(Object.keys(cluster).length > 0 && { cluster }),
          });
        },
      ),
  }),
  route({
    method: 'delete',
    path,
    policy: { action: 'place.govern', scope: 'platform' },
    operationId: 'removePlace',
    summary: 'Remove a place that no environment is in',
    description:
      'Nothing in its cluster is touched. While environments are in it, it is refused with their names.',
    tag: 'Places',
    answers: { 204: { summary: 'Removed' } },
    problems: ['not_found', 'not_empty', 'conflict'],
    handle: ({ ports, params, change }) =>
      change(noContent, (caller) => removePlace(ports, caller, params.place)),
  }),
];
