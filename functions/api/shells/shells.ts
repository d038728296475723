/** The route that opens a shell: it gives the path of a WebSocket. */
import * as z from 'zod';
import { openShell } from '../../commands/shells/shells.ts';
import { route } from '../http/route-spec.ts';
import { timeSchema } from '../http/schemas.ts';
import { commandSchema, processField } from '../runs/command-schema.ts';

const doorSchema = z
  .object({
    path: z.string().meta({
      description: 'Of the WebSocket; who has it needs no token.',
      example: '/v1/shells/kq3vZ0c1b7Jm2xR8tYw5uA9sD4fG6hK_lPoIeNzXcVb',
    }),
    expiresAt: timeSchema.meta({ description: 'It can be opened once, until then.' }),
  })
  .meta({ id: 'Shell' });

export const routes = [
  route({
    method: 'post',
    path: '/v1/projects/{project}/environments/{environment}/services/{service}/shells',
    policy: { action: 'shell.open', scope: 'project' },
    operationId: 'openShell',
    summary: 'Open a shell into a service that runs',
    description:
      'Starts a program beside a replica that is ready, with its environment and its files, and gives the path of a WebSocket to it. ' +
      'A process that the service does not have is `not_found`, with those that it has; one without replicas is a `conflict`. ' +
      'Each message is binary, and its first byte says what it is: 0 what is typed, 1 standard output, 2 standard error, 3 a JSON ' +
      'object about the session. A client sends `{"eof": true}`, and `{"columns": 80, "rows": 24}` where there is a terminal; ' +
      'the server begins with `{"tty": …}` and ends with `{"exitCode": …}` or `{"error": {…}}`. Processes ' +
      'of the machine have pipes and no terminal. Output is not masked: whoever has a shell sees the secrets of its service. The audit ' +
      'trail has who opened it, with which command, for how long and how many bytes, and nothing of their content. ' +
      'Off in a protected environment unless its protection allows `shells`. Refused with `not_supported` where nothing holds ' +
      'connections, as on AWS.',
    tag: 'Running services',
    body: z.strictObject({
      command: commandSchema.optional().meta({ description: '`sh -i` by default.' }),
      process: processField.meta({
        description: 'Beside a replica of this process; of `web` without it.',
        example: 'worker',
      }),
      tty: z.boolean().optional().meta({ description: 'With a terminal, where there can be one.' }),
    }),
    bodyExamples: { shell: {}, command: { command: ['ls', '-l'], process: 'worker' } },
    answers: { 201: { summary: 'Where it is', schema: doorSchema } },
    problems: ['environment_not_ready', 'conflict', 'not_supported', 'too_many_requests'],
    // The answer is a key, and kept nowhere.
    handle: async ({
      ports,
      params,
      caller,
      stillAllowed,
      body: { command = ['sh', '-i'], tty = false, process },
    }) => ({
      status: 201,
      body: await openShell(ports, caller, params, {
        command,
        tty,
        ...(process !== undefined && { process }),
        stillAllowed,
      }),
    }),
  }),
];
