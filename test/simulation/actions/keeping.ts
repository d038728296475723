/** Secrets that are kept elsewhere: referred to, changed and taken away there. */
import { ENTRY, SOURCE } from '../setting.ts';
import { type Action, choose, newValue } from './action.ts';

export const keeping: Action[] = [
  [
    3,
    (actor) => {
      const { project, at } = choose(actor);
      return actor.client.ask(
        'PUT',
        `${at}/secrets/TOKEN`,
        { source: SOURCE },
        {
          ...(project !== 'shop' && {
            only: { statuses: [403, 404, 409], promise: 'A project refers to what a rule lets it refer to' },
          }),
        },
      );
    },
  ],
  // Whoever owns the entry asks nobody.
  [3, async (actor) => actor.keeper.put(ENTRY, { token: newValue(actor) })],
  [
    1,
    async (actor) => {
      const { keeper, world } = actor;
      const [newest = '1'] = keeper.newestSince(ENTRY, Number.POSITIVE_INFINITY);
      keeper.forget(ENTRY, String(1 + world.random.below(Number(newest))));
      if (world.random.chance(0.5)) keeper.put(ENTRY, { token: newValue(actor) });
    },
  ],
];
