/** The route of the log of an instance. */
import { instanceName } from '../../core/keys.ts';
import { pastInstanceOf } from '../../records/instances.ts';
import { getEnvironment } from '../../records/read.ts';
import { route } from '../http/route-spec.ts';
import { followLog, logAnswer, logQuery, logReply } from './log-stream.ts';

export const routes = [
  route({
    method: 'get',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/logs',
    policy: { action: 'log.read', scope: 'project' },
    operationId: 'getLogs',
    summary: 'Read or follow what a service prints in an environment',
    description:
      'A list goes back from its newest line, page by page; `since` with `direction=forward` goes on from a time. ' +
      'Filters hold for lists and streams. Resume a stream with Last-Event-ID: no line is lost in silence, and a line may come twice.',
    tag: 'Running services',
    query: logQuery,
    answers: {
      200: logAnswer,
    },
    handle: async ({ ports, params, query, wantsStream, lastEventId, stream }) => {
      const { data: environment } = await getEnvironment(ports.store, params);
      pastInstanceOf(environment, params.service);
      const name = instanceName(params);
      if (!wantsStream) return logReply(ports.logs, name, query);
      return stream((signal) => followLog(ports.logs, name, query, lastEventId, signal));
    },
  }),
];
