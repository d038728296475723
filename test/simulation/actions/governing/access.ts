/** What people may do: roles, tokens, tenants, policies. Each of these knows what it has to be answered. */
import { issuedTo } from '../../clients.ts';
import { idOf } from '../../setting.ts';
import { type Action, type Actor, choose } from '../action.ts';

const path = (actor: Actor, project: string): string => {
  const environment = `/v1/projects/${project}/environments/${actor.world.random.pick(['dev', 'prod'])}`;
  return `${environment}/services/web/${actor.world.random.pick(['restart', 'stop', 'start'])}`;
};

export const access: Action[] = [
  [
    2,
    async (actor) => {
      const { client } = actor;
      const { roles, runsAll } = client.person;
      if (runsAll) return;
      const viewed = Object.keys(roles).find((project) => roles[project] === 'viewer');
      if (viewed !== undefined)
        await client.ask('POST', path(actor, viewed), undefined, {
          only: { statuses: [403], promise: 'A viewer changes nothing' },
        });
      const other = ['shop', 'mill'].find((project) => !roles[project]);
      if (other !== undefined)
        await client.ask('POST', path(actor, other), undefined, {
          only: { statuses: [404], promise: 'I10: a tenant does not see what belongs to others' },
        });
    },
  ],
  [
    2,
    async (actor) => {
      const { client } = actor;
      if (client.projects('maintainer').length === 0) return;
      const { in: project } = choose(actor, 'maintainer');
      const made = await client.ask('POST', `${project}/tokens`, { name: 'robot', role: 'developer' });
      const { token, id } = made?.body ?? {};
      if (made?.status !== 201 || typeof token !== 'string') return;
      const use = { bearer: token };
      await client.ask('POST', `${choose(actor, 'maintainer').of}/deployments`, { version: 'good' }, use);
      const revoked = await client.ask('DELETE', `${project}/tokens/${id}`);
      if (revoked?.status === 204)
        await client.ask('GET', project, undefined, {
          ...use,
          only: { statuses: [401], promise: 'A token that was revoked is not good' },
        });
    },
  ],
  [
    1,
    async (actor) => {
      const { client } = actor;
      if (client.projects('maintainer').length === 0) return;
      const { in: project } = choose(actor, 'maintainer');
      const guest = `guest-of-${client.person.name}`;
      const member = `${project}/members/${idOf({ name: guest })}`;
      const added = await client.ask('PUT', member, { role: 'viewer' });
      if (added === undefined || added.status >= 300) return;
      await client.ask('GET', project, undefined, {
        bearer: issuedTo(guest),
        only: { statuses: [200], promise: 'Who was let in sees the project' },
      });
      const removed = await client.ask('DELETE', member);
      if (removed?.status === 204)
        await client.ask('GET', project, undefined, {
          bearer: issuedTo(guest),
          only: { statuses: [404], promise: 'I10: who was removed from a project does not see it' },
        });
    },
  ],
  [
    2,
    async (actor) => {
      const { client } = actor;
      if (client.projects('administrator').length === 0) return;
      const { in: project } = choose(actor, 'administrator');
      const policy = `${project}/policies/frozen-by-${client.person.name}`;
      const window = { from: '2025-12-01T00:00:00Z', to: '2027-01-01T00:00:00Z' };
      const put = await client.ask('PUT', policy, {
        environments: ['dev'],
        rule: { kind: 'freeze', windows: [window] },
      });
      if (put !== undefined && put.status < 300)
        await client.ask(
          'POST',
          `${project}/environments/dev/services/web/deployments`,
          { version: 'good' },
          {
            only: {
              statuses: [403, 404, 409, 422],
              promise: 'Nothing is deployed where a policy forbids it',
            },
          },
        );
      await client.ask('DELETE', policy, undefined, { patient: true });
    },
  ],
  [
    1,
    async (actor) => {
      const { client, world } = actor;
      if (client.projects('administrator').length === 0) return;
      const { in: project, of } = choose(actor, 'administrator');
      const policy = `${project}/policies/budget-of-${client.person.name}`;
      await client.ask('PUT', policy, {
        rule: { kind: 'budget', usdPerMonth: world.random.pick([1, 20, 500]) },
      });
      await client.ask('PUT', `${of}/scale`, { replicas: world.random.pick([1, 3]) });
      if (world.random.chance(0.5)) await client.ask('DELETE', policy);
    },
  ],
  [
    1,
    async (actor) => {
      const { client } = actor;
      const name = `fair-of-${client.person.name}`;
      const made = await client.ask('POST', '/v1/projects', { name });
      if (made?.status === 201) await client.ask('DELETE', `/v1/projects/${name}`);
    },
  ],
];
