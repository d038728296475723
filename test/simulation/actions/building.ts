/** Builds versions, from archives and from git. */
import { type Action, choose } from './action.ts';

export const building: Action[] = [
  [
    2,
    (actor) => {
      const { in: project, service } = choose(actor);
      return actor.client.ask('POST', `${project}/services/${service}/builds`, `source ${service}`, {
        mediaType: 'application/gzip',
      });
    },
  ],
  [
    1,
    async (actor) => {
      const { in: project, service } = choose(actor);
      const git = { url: 'https://git.example.com/team/code', ref: 'main' };
      await Promise.all(
        Array.from({ length: 4 }, () =>
          actor.client.ask('POST', `${project}/services/${service}/builds`, { git }),
        ),
      );
    },
  ],
];
