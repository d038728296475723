/** Reads what there is to read, and looks after webhooks and alerts. */
import { type Action, choose, list } from './action.ts';

/** Of alerts. */
const RULES = [
  null,
  [],
  [{ name: 'job', when: { kind: 'job' } }],
  [
    { name: 'crashes', when: { kind: 'crash-loop', restarts: 2, window: '5m' }, ephemeral: true },
    { name: 'errors', when: { kind: 'error-rate', percent: 0, minRequests: 1, window: '1m' }, for: '1m' },
    { name: 'job', when: { kind: 'job' }, clearAfter: '10m' },
  ],
];

export const watching: Action[] = [
  [
    3,
    (actor) => {
      const { in: project, at, of, service } = choose(actor, 'viewer');
      const path = actor.world.random.pick([
        `${project}/overview`,
        `${project}/events`,
        `${project}/operations`,
        `${project}/services/${service}/versions`,
        `${project}/services/${service}/builds`,
        `${at}`,
        `${at}/inventory`,
        `${at}/variables`,
        `${at}/secrets`,
        `${at}/services`,
        `${at}/operations`,
        `${of}`,
        `${of}/logs`,
        `${of}/metrics`,
        `${of}/plan?version=good`,
        `${of}/deployments/1`,
        `${of}/deployments/2/diff`,
        '/v1/me',
        '/v1/projects',
      ]);
      return actor.client.ask('GET', path);
    },
  ],
  [
    1,
    async (actor) => {
      const { client } = actor;
      if (client.projects('maintainer').length === 0) return;
      const { in: project } = choose(actor, 'maintainer');
      const url = `https://hooks.example.com/of-${client.person.name}`;
      const made = await client.ask('POST', `${project}/webhooks`, { url });
      if (made?.status !== 201) return;
      const hook = `${project}/webhooks/${made.body.id}`;
      await client.ask('POST', `${hook}/rotate`);
      await client.ask('POST', `${hook}/test`);
      await client.ask('DELETE', hook, undefined, { patient: true });
    },
  ],
  [
    1,
    async (actor) => {
      if (actor.client.projects('maintainer').length === 0) return;
      const { in: project } = choose(actor, 'maintainer');
      return actor.client.ask('PUT', `${project}/alert-rules`, { rules: actor.world.random.pick(RULES) });
    },
  ],
  [
    1,
    async (actor) => {
      const { in: project } = choose(actor);
      const firing = await list<{ id: string }>(actor, `${project}/alerts?state=firing`);
      if (firing.length === 0) return;
      const { id } = actor.world.random.pick(firing);
      return actor.client.ask('POST', `${project}/alerts/${id}/acknowledge`, { note: 'Looking' });
    },
  ],
  [
    1,
    async (actor) => {
      const { in: project, environment } = choose(actor);
      const asked = { environment, for: '10m', reason: 'A change' };
      const made = await actor.client.ask('POST', `${project}/alert-silences`, asked);
      if (made?.status !== 201 || actor.world.random.below(2) === 0) return;
      return actor.client.ask('DELETE', `${project}/alert-silences/${made.body.id}`);
    },
  ],
];
