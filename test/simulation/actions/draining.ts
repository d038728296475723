/** Log drains: made, paused, tested and deleted while something is printed. */
import { LINES } from '../ports/receivers.ts';
import { pause } from '../world.ts';
import { type Action, type Actor, choose, list, newValue } from './action.ts';

/** Requests come, which what serves prints. */
async function print(actor: Actor, project: string): Promise<void> {
  const { random } = actor.world;
  for (let times = random.below(6); times > 0; times--) {
    actor.touch(project, random.pick(['dev', 'prod']));
    await pause(random.below(40_000));
  }
}

export const draining: Action[] = [
  [
    3,
    async (actor) => {
      const { client, world } = actor;
      const { random } = world;
      // They are refused where Berth does not keep the output.
      if (world.pauses || client.projects('maintainer').length === 0) return;
      const { in: path, project } = choose(actor, 'maintainer');
      const made = await client.ask('POST', `${path}/drains`, {
        url: `${LINES}${client.person.name}-${random.below(1e9)}`,
        format: 'ndjson',
        operations: random.chance(0.5),
        ...(random.chance(0.3) && { filter: { environments: ['dev', 'pr-*'] } }),
        ...(random.chance(0.5) && { headers: { authorization: newValue(actor) } }),
      });
      await print(actor, project);
      if (made?.status !== 201 || random.chance(0.6)) return;
      await client.ask('DELETE', `${path}/drains/${made.body.id}`);
      await print(actor, project);
    },
  ],
  [
    2,
    async (actor) => {
      const { client, world } = actor;
      if (world.pauses || client.projects('maintainer').length === 0) return;
      const { in: path, project } = choose(actor, 'maintainer');
      const found = await list<{ id: string; enabled: boolean }>(actor, `${path}/drains`);
      if (found.length === 0) return;
      const { id, enabled } = world.random.pick(found);
      const drain = `${path}/drains/${id}`;
      await client.ask('GET', drain);
      const how = world.random.pick(['test', 'test', 'delete', 'change', 'change', 'change'] as const);
      if (how === 'test') await client.ask('POST', `${drain}/test`);
      else if (how === 'delete') await client.ask('DELETE', drain);
      else await client.ask('PATCH', drain, { enabled: !enabled || world.random.chance(0.3) });
      await print(actor, project);
    },
  ],
];
