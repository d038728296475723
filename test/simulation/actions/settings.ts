/** Sets, rotates and deletes secrets, and sets variables. */
import { type Action, choose, list, newValue } from './action.ts';

const SECRETS = ['API_KEY', 'TOKEN'];

export const settings: Action[] = [
  [
    2,
    (actor) =>
      actor.client.ask('PUT', `${choose(actor).at}/secrets/${actor.world.random.pick(SECRETS)}`, {
        value: newValue(actor),
      }),
  ],
  [
    1,
    async (actor) => {
      // No workload names it, so that nothing but a deployment under way keeps it from being deleted.
      const path = `${choose(actor).at}/secrets/SPARE`;
      await actor.client.ask('PUT', path, { value: newValue(actor) });
      await actor.client.ask('DELETE', path);
    },
  ],
  [
    3,
    (actor) =>
      actor.client.ask('POST', `${choose(actor).at}/secrets/${actor.world.random.pick(SECRETS)}/rotate`, {
        value: newValue(actor),
      }),
  ],
  [
    3,
    async (actor) => {
      const { at } = choose(actor);
      const found = await list<{ uid: string; type: string }>(actor, `${at}/resources`);
      const databases = found.filter(({ type }) => type === 'postgres');
      if (databases.length > 0)
        await actor.client.ask('POST', `${at}/resources/rotate`, {
          uid: actor.world.random.pick(databases).uid,
        });
    },
  ],
  [
    2,
    async (actor) => {
      const { client } = actor;
      const projects = client.projects('maintainer');
      if (projects.length === 0) return;
      // Nobody destroys this environment, and nobody else sets this variable.
      const path = `/v1/projects/${actor.world.random.pick(projects)}/environments/prod/variables`;
      const names = [`OF_${client.person.name.toUpperCase()}`, `ALSO_${client.person.name.toUpperCase()}`];
      const value = `plain ${actor.world.random.below(1e9)}`;
      const set = [];
      for (const name of names) set.push(await client.ask('PUT', `${path}/${name}`, { value }));
      if (!set.every((told) => told?.status === 200)) return;
      const told = await client.ask('GET', path);
      if (told?.status !== 200) return;
      const found = told.body.items as { name: string; value: string }[];
      for (const name of names)
        if (found.find((one) => one.name === name)?.value !== value)
          actor.world.violate(`${name} was set in ${path}, and is not what it was set to`);
    },
  ],
];
