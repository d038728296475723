/** Deploys, approves, and does what people do with a service that runs. */
import { HELPER, idOf } from '../setting.ts';
import { pause } from '../world.ts';
import { type Action, choose, list } from './action.ts';

interface Listed {
  number: number;
  status: string;
  approval?: { state: string; requestedBy: string };
}

export const deploying: Action[] = [
  [
    12,
    (actor) =>
      actor.client.ask('POST', `${choose(actor).of}/deployments`, {
        version: actor.world.random.pick([
          'good',
          'good',
          'also-good',
          'also-good',
          'crashing',
          'slow',
          'helped',
          'helped',
          'tried',
          'tried',
          'tried',
          'tried',
          'made',
        ]),
      }),
  ],
  [
    4,
    async (actor) => {
      const { random } = actor.world;
      const path = `${choose(actor).of}/deployments`;
      const listed = await list<Listed>(actor, path);
      const good = listed.filter(({ status }) => status === 'succeeded').map(({ number }) => number);
      // Now and then one that is not there, or did not succeed.
      const rollbackTo = good.length > 0 && random.chance(0.9) ? random.pick(good) : 1 + random.below(4);
      await actor.client.ask('POST', path, { rollbackTo });
    },
  ],
  [
    1,
    (actor) => {
      const { in: project, service } = choose(actor);
      return actor.client.ask('POST', `${project}/environments/prod/services/${service}/deployments`, {
        fromEnvironment: 'dev',
      });
    },
  ],
  [
    6,
    async (actor) => {
      const { client } = actor;
      const [project] = client.projects('maintainer');
      if (project !== 'shop') return;
      const path = `/v1/projects/shop/environments/prod/services/${actor.world.random.pick(['web', 'worker'])}/deployments`;
      const waiting = (await list<Listed>(actor, path)).find(({ approval }) => approval?.state === 'pending');
      if (!waiting) return;
      const isOwn = waiting.approval?.requestedBy === idOf(client.person);
      await client.ask(
        'POST',
        `${path}/${waiting.number}/${actor.world.random.chance(0.8) || isOwn ? 'approve' : 'reject'}`,
        undefined,
        isOwn
          ? { only: { statuses: [403, 404, 409], promise: 'Nobody approves what they asked for themselves' } }
          : {},
      );
    },
  ],
  [
    4,
    async (actor) => {
      const { of } = choose(actor);
      const [newest] = await list<Listed>(actor, `${of}/deployments`);
      const action = actor.world.random.pick(['promote', 'continue', 'resume']);
      // Most have no steps, or have ended.
      if (newest) await actor.client.ask('POST', `${of}/deployments/${newest.number}/rollout`, { action });
    },
  ],
  [3, (actor) => actor.client.ask('POST', `${choose(actor).of}/restart`)],
  [3, (actor) => actor.client.ask('POST', `${choose(actor).of}/stop`)],
  [3, (actor) => actor.client.ask('POST', `${choose(actor).of}/start`)],
  [
    3,
    (actor) =>
      actor.client.ask('PUT', `${choose(actor).of}/scale`, {
        replicas: actor.world.random.pick([1, 2, 3, 6, null]),
      }),
  ],
  [
    2,
    async (actor) => {
      const { client, world } = actor;
      const { of } = choose(actor);
      const scaled = () =>
        client.ask('PUT', `${of}/scale`, { replicas: world.random.pick([0, 1, 3, null]), process: HELPER });
      const told = await scaled();
      if (told?.status !== 404) return;
      // What serves has no such process.
      await client.ask('POST', `${of}/deployments`, { version: 'helped' });
      await pause(30_000);
      await scaled();
    },
  ],
  [2, (actor) => actor.client.ask('DELETE', choose(actor).of)],
  [
    4,
    async ({ world: { random }, client }) => {
      // What was asked for last goes on still.
      const newest = [...client.accepted].slice(-3);
      if (newest.length > 0) await client.ask('POST', `/v1/operations/${random.pick(newest)}/cancel`);
    },
  ],
];
