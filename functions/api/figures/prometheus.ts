/** The route by which Prometheus reads a project. */

import { textResponse } from '../http/respond.ts';
import { route } from '../http/route-spec.ts';
import { readOverview } from '../projects/overview-read.ts';
import { expositionOf, MEDIA_TYPE } from './exposition.ts';
import { projectFigures } from './project-figures.ts';

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/metrics',
    policy: { action: 'metric.read', scope: 'project' },
    operationId: 'getProjectMetrics',
    summary: 'Read the figures of all services for Prometheus',
    description:
      'In the text format of Prometheus 0.0.4: replicas, CPU, memory, and requests with their errors and durations, ' +
      'by environment, service and deployment. Prometheus sends a token of the project as `Authorization: Bearer`. ' +
      'It has what the overview has, and no more.',
    tag: 'Running services',
    answers: { 200: { summary: 'The figures', mediaType: MEDIA_TYPE } },
    handle: async ({ ports, params }) =>
      textResponse(
        expositionOf(await projectFigures(ports, await readOverview(ports, params.project))),
        MEDIA_TYPE,
      ),
  }),
];
