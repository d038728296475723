/** Reads what there is to read, and looks after webhooks. */
import { type Action, choose } from './action.ts';

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
];
