/** Deploys versions that are about to go, deletes versions by hand, and pushes images again that are gone. */
import { digestNamed, IMAGES, OLD_VERSIONS, workloadOf } from '../setting.ts';
import { type Action, type Actor, choose, type Target } from './action.ts';

/** A pipeline pushes an image, most of the time, and makes a version of it. */
async function register({ client, world: { random }, registry }: Actor, at: Target, name: string) {
  const image = digestNamed(name);
  if (random.chance(0.8)) registry.upload(at, image);
  await client.ask('POST', `${at.in}/services/${at.service}/versions`, {
    image,
    workload: workloadOf(at.service, name),
    tags: [name],
  });
}

export const versions: Action[] = [
  [
    5,
    (actor) =>
      actor.client.ask('POST', `${choose(actor).of}/deployments`, {
        version: actor.world.random.pick(OLD_VERSIONS),
      }),
  ],
  [
    4,
    async (actor) => {
      const { client, world } = actor;
      if (client.projects('maintainer').length === 0) return;
      const at = choose(actor, 'maintainer');
      const name = world.random.pick([...OLD_VERSIONS, 'good', 'also-good', 'crashing']);
      await client.ask('DELETE', `${at.in}/services/${at.service}/versions/${name}`);
      if (world.random.chance(0.3)) await register(actor, at, name);
    },
  ],
  [
    3,
    (actor) => {
      const { random } = actor.world;
      const name = random.chance(0.3) ? random.pick(OLD_VERSIONS) : random.pick(IMAGES).name;
      return register(actor, choose(actor), name);
    },
  ],
];
