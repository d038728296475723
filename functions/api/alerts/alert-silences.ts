/** Routes of the silences of a project. */
import * as z from 'zod';
import { endSilence, silenceAlerts, silencesOf } from '../../commands/alerts/alert-silences.ts';
import type { AlertSilence } from '../../core/model/index.ts';
import { getProject } from '../../records/read.ts';
import { noContent } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { compact } from '../http/schemas.ts';
import { silenceBody, silenceSchema } from './alert-schemas.ts';
import { refuseUnlessDeveloper } from './developer-there.ts';

const SILENCES = '/v1/projects/{project}/alert-silences';

export const routes = [
  route({
    method: 'get',
    path: SILENCES,
    policy: { action: 'alert.read', scope: 'project' },
    operationId: 'listAlertSilences',
    summary: 'List the silences of a project that have not ended',
    tag: 'Alerts',
    answers: { 200: { summary: 'All of them', schema: z.object({ items: z.array(silenceSchema) }) } },
    async handle({ ports, params }) {
      await getProject(ports.store, params.project);
      const items = await silencesOf(ports.store, params.project, ports.effects.now());
      return { status: 200, body: { items } };
    },
  }),
  route({
    method: 'post',
    path: SILENCES,
    policy: { action: 'alert.silence', scope: 'project' },
    operationId: 'silenceAlerts',
    summary: 'Tell nobody of some alerts for a time',
    description: 'They fire all the same, and are listed. What fires still when it ends is told of then.',
    tag: 'Alerts',
    body: silenceBody,
    bodyExamples: {
      'a service': {
        environment: 'production',
        subject: 'guestbook',
        for: '2h',
        reason: 'The database moves tonight',
      },
    },
    answers: { 201: { summary: 'Silenced', schema: silenceSchema } },
    problems: ['conflict'],
    handle({ ports, params, body: { for: forSeconds, ...chosen }, change, access }) {
      refuseUnlessDeveloper(access, chosen.environment);
      return change(
        (silence: AlertSilence) => ({ status: 201, body: silence }),
        (caller) => silenceAlerts(ports, caller, params.project, { forSeconds, ...compact(chosen) }),
      );
    },
  }),
  route({
    method: 'delete',
    path: `${SILENCES}/{silence}`,
    policy: { action: 'alert.silence', scope: 'project' },
    operationId: 'endAlertSilence',
    summary: 'End a silence',
    tag: 'Alerts',
    answers: { 204: { summary: 'Ended' } },
    problems: ['conflict'],
    async handle({ ports, params: { project, silence }, change, access }) {
      const held = await silencesOf(ports.store, project, ports.effects.now());
      const ended = held.find(({ id }) => id === silence);
      if (ended) refuseUnlessDeveloper(access, ended.environment);
      return change(noContent, (caller) => endSilence(ports, caller, project, silence));
    },
  }),
];
