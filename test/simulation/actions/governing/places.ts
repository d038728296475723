/** Places: added and removed by who runs the installation, and chosen for new environments. */
import { placeIn } from '../../setting.ts';
import { type Action, type Actor, choose } from '../action.ts';

/** Where a new environment shall be: half of them do not say. */
export const anywhere = ({ world: { random } }: Actor): { placement?: string } =>
  random.chance(0.5) ? {} : { placement: random.pick(['emea', 'emea', 'lab', 'home']) };

const LAB = '/v1/places/lab';

export const places: Action[] = [
  [
    3,
    async (actor) => {
      const { client, world } = actor;
      if (!client.person.runsAll) return;
      await client.ask('POST', '/v1/places', placeIn('lab'));
      // Somebody comes there at the very moment at which it is removed.
      const { in: project } = choose(actor);
      const name = `away-${client.person.name}`;
      const come = client.ask('POST', `${project}/environments`, { name, placement: 'lab' });
      if (world.random.chance(0.7)) await client.ask('DELETE', LAB);
      if ((await come)?.status !== 202) return;
      if (world.random.chance(0.5)) await client.ask('DELETE', LAB);
      await client.ask('DELETE', `${project}/environments/${name}`);
    },
  ],
  [
    1,
    async ({ client }) => {
      if (client.person.runsAll)
        await client.ask('DELETE', '/v1/places/emea', undefined, {
          only: { statuses: [409], promise: 'A place stays while environments are in it' },
        });
    },
  ],
  [
    1,
    async ({ client, world: { random } }) => {
      if (!client.person.runsAll) return;
      await client.ask('GET', '/v1/places');
      await client.ask('PATCH', '/v1/places/emea', { labels: { tier: random.pick(['gold', 'silver']) } });
    },
  ],
  [
    1,
    (actor) =>
      actor.client.ask(
        'PATCH',
        choose(actor).at,
        { placement: 'elsewhere' },
        {
          only: { statuses: [403, 404, 409], promise: 'An environment stays in its place' },
        },
      ),
  ],
];
