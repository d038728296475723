/** Routes of what people do with a service in an environment: restart, stop, start, scale and remove it. */
import * as z from 'zod';
import type { AcceptedDeployment } from '../../commands/deployments/accept-deployment.ts';
import {
  removeService,
  restartService,
  scaleService,
  startService,
  stopService,
} from '../../commands/deployments/operate.ts';
import type { Reply } from '../../records/commit.ts';
import { route } from '../http/route-spec.ts';
import { nameSchema } from '../http/schemas.ts';
import { acceptedAnswer, acceptedReply } from '../operations/operation-view.ts';

const accepted = ({ operation }: AcceptedDeployment): Reply => acceptedReply(operation);
const problems = ['environment_not_ready', 'operation_in_progress', 'conflict'] as const;

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/restart',
    policy: { action: 'instance.operate', scope: 'project' },
    operationId: 'restartInstance',
    summary: 'Restart a service',
    description:
      'Deploys what serves once more, with secrets and variables as they are now. What serves goes on until the new ' +
      'replicas are ready, so that no request is lost. The release command is not run.',
    tag: 'Running services',
    answers: { 202: acceptedAnswer('Accepted, as a deployment of kind `restart`') },
    problems,
    handle: ({ ports, params, change }) =>
      change(accepted, (caller) => restartService(ports, caller, params)),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/stop',
    policy: { action: 'instance.operate', scope: 'project' },
    operationId: 'stopInstance',
    summary: 'Stop a service',
    description:
      'Requests in flight end, later ones are answered with 503 at once. It stays stopped, also when its environment ' +
      'sleeps and wakes and when Berth restarts, until it is started or deployed. A deployment that is under way is overtaken.',
    tag: 'Running services',
    answers: { 202: acceptedAnswer('Accepted, as a deployment of kind `stop`') },
    problems,
    handle: ({ ports, params, change }) => change(accepted, (caller) => stopService(ports, caller, params)),
  }),
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/start',
    policy: { action: 'instance.operate', scope: 'project' },
    operationId: 'startInstance',
    summary: 'Start a service that was stopped',
    description: 'Takes secrets and variables as they are now.',
    tag: 'Running services',
    answers: { 202: acceptedAnswer('Accepted, as a deployment of kind `start`') },
    problems,
    handle: ({ ports, params, change }) => change(accepted, (caller) => startService(ports, caller, params)),
  }),
  route({
    method: 'put',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/scale',
    policy: { action: 'instance.operate', scope: 'project' },
    operationId: 'scaleInstance',
    summary: 'Set how many replicas a service and its processes have',
    description:
      'Takes the place of `berth.dev/replicas` of the Score file in this environment, also in later deployments and ' +
      'rollbacks, until it is set anew; `null` goes back to the Score file. Nothing is built, and no request is lost.',
    tag: 'Running services',
    body: z
      .strictObject({
        replicas: z
          .int()
          .min(1)
          .max(20)
          .nullable()
          .optional()
          .meta({ description: '1 to 20, or null.', example: 3 }),
        processes: z
          .record(nameSchema, z.int().min(0).max(20).nullable())
          .optional()
          .meta({
            description:
              'Of the processes beside it, by name: 0 to 20, or null for what `berth.dev/processes` says. Those that are not named stay as they are.',
            example: { worker: 2 },
          }),
      })
      .refine(({ replicas, processes = {} }) => replicas !== undefined || Object.keys(processes).length > 0, {
        message: 'must have replicas, or processes with a number for one at least',
      }),
    bodyExamples: {
      three: { replicas: 3 },
      asInTheFile: { replicas: null },
      workers: { processes: { worker: 2 } },
    },
    answers: { 202: acceptedAnswer('Accepted, as a deployment of kind `scale`') },
    problems: [...problems, 'policy_violation'],
    handle: ({ ports, params, body, change }) =>
      change(accepted, (caller) => scaleService(ports, caller, params, body)),
  }),
  route({
    method: 'delete',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}',
    policy: { action: 'instance.remove', scope: 'project' },
    operationId: 'removeInstance',
    summary: 'Remove a service from an environment',
    description:
      'What runs of it goes, and so do its routes and the resources that no other service uses: **databases and ' +
      'volumes with their data**. Its deployments, logs and events stay. Deployed again, it starts anew.',
    tag: 'Running services',
    answers: { 202: acceptedAnswer('Accepted, as a deployment of kind `remove`') },
    problems,
    handle: ({ ports, params, change }) => change(accepted, (caller) => removeService(ports, caller, params)),
  }),
];
