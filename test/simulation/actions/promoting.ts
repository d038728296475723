/** Promotes along the pipeline, and cancels that. */
import { type Action, choose, list } from './action.ts';

export const promoting: Action[] = [
  [
    4,
    (actor) => {
      const { in: project, service } = choose(actor);
      return actor.client.ask('POST', `${project}/services/${service}/promotions`, {
        fromEnvironment: 'dev',
        ...(actor.world.random.chance(0.5) ? { to: ['prod'] } : { through: 'last' }),
      });
    },
  ],
  [
    1,
    async (actor) => {
      const { in: project, service } = choose(actor);
      const path = `${project}/services/${service}/promotions`;
      const [newest] = await list<{ id: string }>(actor, path);
      if (newest) await actor.client.ask('POST', `${path}/${newest.id}/cancel`);
    },
  ],
];
