/** Routes of the alerts of a project. */
import * as z from 'zod';
import { acknowledgeAlert, getAlert } from '../../commands/alerts/alerts.ts';
import { ALERT_WATCHES, alertKey, alertsPartition, alertWatchKey } from '../../core/keys.ts';
import type { Alert, AlertWatch } from '../../core/model/index.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item, Page } from '../../ports/store.ts';
import { getProject } from '../../records/read.ts';
import { readAll } from '../../records/read-all.ts';
import { pageOf, pageQuery, pageReply, readPage } from '../http/list-pages.ts';
import { route } from '../http/route-spec.ts';
import { lineSchema, membersOf } from '../http/schemas.ts';
import { alertSchema } from './alert-schemas.ts';
import { refuseUnlessDeveloper } from './developer-there.ts';

const ALERTS = '/v1/projects/{project}/alerts';

const view = ({ data }: Item<Alert>) => membersOf(alertSchema, data);

/** Those that fire are named by what is watched: they need not be among the newest. */
async function firing({ store }: Ports, project: string): Promise<Page<Alert>> {
  const prefix = alertWatchKey({ project, environment: '' }).sk;
  const watches = await readAll<AlertWatch>(store, ALERT_WATCHES, prefix);
  const ids = watches.flatMap(({ data }) => data.tracks.flatMap(({ alert }) => alert ?? []));
  const items: Item<Alert>[] = [];
  for (let from = 0; from < ids.length; from += 100) {
    const found = await store.getMany<Alert>(ids.slice(from, from + 100).map((id) => alertKey(project, id)));
    items.push(...found.flatMap((item) => (item?.data.state === 'firing' ? [item] : [])));
  }
  return { items: items.toSorted((one, other) => (one.sk < other.sk ? 1 : -1)) };
}

export const routes = [
  route({
    method: 'get',
    path: ALERTS,
    policy: { action: 'alert.read', scope: 'project' },
    operationId: 'listAlerts',
    summary: 'List alerts, newest first',
    description: 'Those that fire, and those that resolved within the last 30 days.',
    tag: 'Alerts',
    query: pageQuery.extend({
      state: z
        .enum(['firing'])
        .optional()
        .meta({ description: 'Only those that fire; all of them at once.' }),
    }),
    answers: { 200: { summary: 'A page of alerts', schema: pageOf(alertSchema) } },
    async handle({ ports, params, query: { state, ...page } }) {
      const { project } = params;
      await getProject(ports.store, project);
      const { items, next } = state
        ? await firing(ports, project)
        : await readPage<Alert>(ports.store, { pk: alertsPartition(project), reverse: true }, page);
      return pageReply(items.map(view), next);
    },
  }),
  route({
    method: 'post',
    path: `${ALERTS}/{alert}/acknowledge`,
    policy: { action: 'alert.acknowledge', scope: 'project' },
    operationId: 'acknowledgeAlert',
    summary: 'Say that somebody looks after an alert',
    description: 'Who was first stays. It goes on to fire until it is over.',
    tag: 'Alerts',
    body: z.strictObject({ note: lineSchema(200).optional().meta({ example: 'Rolling back' }) }),
    answers: { 200: { summary: 'As it is now', schema: alertSchema } },
    problems: ['conflict'],
    async handle({ ports, params, body, change, access }) {
      refuseUnlessDeveloper(access, (await getAlert(ports.store, params)).data.environment);
      return change(
        (item: Item<Alert>) => ({ status: 200, body: view(item) }),
        (caller) => acknowledgeAlert(ports, caller, params, body.note),
      );
    },
  }),
];
