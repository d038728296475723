/** Makes environments, lets them sleep, wakes and destroys them, and protects them. */
import { ABSENT } from '../ports/databases.ts';
import { EXPIRED, PROJECTS } from '../setting.ts';
import { pause } from '../world.ts';
import { type Action, choose, newValue } from './action.ts';
import { anywhere } from './governing/places.ts';

export const environments: Action[] = [
  [1, (actor) => actor.client.ask('POST', `${choose(actor).at}/hibernate`)],
  [2, (actor) => actor.client.ask('POST', `${choose(actor).at}/wake`)],
  [
    3,
    (actor) =>
      actor.client.ask('POST', `${choose(actor).at}/gamedays`, {
        duration: '10s',
        faults: [{ type: 'kill' }],
      }),
  ],
  [
    2,
    (actor) =>
      actor.client.ask('POST', `${choose(actor).at}/services/web/runs`, {
        command: ['node', 'report.js'],
        timeout: '1m',
      }),
  ],
  [
    1,
    async (actor) => {
      const { random } = actor.world;
      await actor.client.ask('PUT', `${choose(actor).at}/services/web/jobs/tidy`, {
        schedule: `*/${1 + random.below(5)} * * * *`,
        command: ['node', 'tidy.js'],
        timeout: '2m',
        overlap: random.below(2) === 0 ? 'allow' : 'forbid',
        retries: random.below(3),
        suspended: random.below(4) === 0,
        wakes: random.below(2) === 0,
      });
    },
  ],
  [1, (actor) => actor.client.ask('POST', `${choose(actor).at}/services/web/jobs/tidy/runs`)],
  [1, (actor) => actor.client.ask('DELETE', `${choose(actor).at}/services/web/jobs/tidy`)],
  [
    1,
    (actor) => {
      const { at } = choose(actor);
      // They begin and end while the clients are at work, or are taken away.
      const hour = new Date(actor.world.effects.now()).getUTCHours();
      const two = (value: number): string => String(value).padStart(2, '0');
      const minute = 1 + actor.world.random.below(58);
      const officeHours = {
        days: 'sun-sat',
        from: `${two(hour)}:00`,
        to: `${two(hour)}:${two(minute)}`,
        zone: 'UTC',
      };
      return actor.client.ask('PATCH', at, {
        officeHours: actor.world.random.chance(0.2) ? null : officeHours,
      });
    },
  ],
  [1, (actor) => actor.client.ask('DELETE', `${choose(actor).in}/environments/dev`)],
  [
    2,
    async (actor) => {
      const { in: project } = choose(actor);
      const told = await actor.client.ask('POST', `${project}/environments`, {
        name: 'dev',
        ...anywhere(actor),
        ttl: '20m',
        idleAfter: '5m',
      });
      if (told?.status !== 202) return;
      for (const name of ['API_KEY', 'TOKEN'])
        await actor.client.ask('PUT', `${project}/environments/dev/secrets/${name}`, {
          value: `anew-${name}-${actor.world.random.below(1e9)}`,
        });
    },
  ],
  [
    2,
    (actor) =>
      actor.client.ask('POST', `${choose(actor).at}/clone`, {
        name: `copy-${actor.client.person.name}`,
        ttl: '10m',
        secrets: actor.world.random.chance(0.5),
        withData: actor.world.random.chance(0.7),
      }),
  ],
  [
    1,
    async (actor) => {
      if (actor.client.projects('administrator').length === 0) return;
      const { project, in: path } = choose(actor, 'administrator');
      // Of none, of some, or of all of its databases.
      const services = PROJECTS.find(({ name }) => name === project)?.services ?? [];
      const rules = services
        .filter(() => actor.world.random.chance(0.7))
        .map((service) => ({
          resource: `postgres.default#${service}.db`,
          sql: `UPDATE ${actor.world.random.chance(0.3) ? ABSENT : 'users'} SET name = '';`,
        }));
      await actor.client.ask('PUT', `${path}/masking`, { rules });
    },
  ],
  [
    1,
    (actor) =>
      actor.client.ask('POST', `${choose(actor).in}/environments`, {
        name: `pr-${actor.client.person.name}`,
        kind: 'ephemeral',
        ...anywhere(actor),
        ttl: '5m',
      }),
  ],
  [
    2,
    async (actor) => {
      const { world, client } = actor;
      const { in: project } = choose(actor);
      // It is destroyed while what was deployed to it is being made.
      const name = `brief-${client.person.name}`;
      const made = await client.ask('POST', `${project}/environments`, { name, ...anywhere(actor) });
      if (made?.status !== 202) return;
      await pause(1_000);
      await client.ask('PUT', `${project}/environments/${name}/secrets/TOKEN`, { value: newValue(actor) });
      await client.ask('PUT', `${project}/environments/${name}/secrets/API_KEY`, { value: newValue(actor) });
      await client.ask('POST', `${project}/environments/${name}/services/web/deployments`, {
        version: 'good',
      });
      await pause(world.random.below(200));
      await client.ask('DELETE', `${project}/environments/${name}`);
      if (world.random.chance(0.5)) return;
      // Another one of its name comes elsewhere.
      await pause(60_000);
      await client.ask('POST', `${project}/environments`, { name, ...anywhere(actor) });
    },
  ],
  [1, (actor) => actor.client.ask('POST', `${choose(actor).at}/extend`, { by: '10m' })],
  [
    1,
    (actor) => {
      const path = `${choose(actor).in}/environments/${EXPIRED}`;
      return actor.world.random.chance(0.5)
        ? actor.client.ask('POST', `${path}/extend`, { by: '10m' })
        : actor.client.ask('POST', `${path}/wake`);
    },
  ],
  [
    1,
    async (actor) => {
      const { project, environment, at } = choose(actor);
      // In one environment each deployment is approved by a second person, from the beginning to the end.
      if (project !== 'shop' || environment !== 'prod')
        await actor.client.ask('PUT', `${at}/protection`, { approval: false });
    },
  ],
  [
    4,
    async (actor) => {
      const { project, environment } = choose(actor);
      actor.touch(project, environment);
    },
  ],
  // What is in a cluster that may be away is used, and would go to sleep soon.
  [3, async (actor) => actor.touch('mill', 'prod')],
  [2, ({ world: { random } }) => pause(random.below(120_000))],
  // Long enough for what is idle to go to sleep, and for what expires to go.
  [1, ({ world: { random } }) => pause(random.below(2_400_000))],
];
