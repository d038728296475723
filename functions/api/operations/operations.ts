/** Routes of one operation: read, follow, read its log, and cancel. */
import * as z from 'zod';
import { cancelOperation } from '../../commands/operations/operations.ts';
import { operationKey, operationLog } from '../../core/keys.ts';
import type { Operation } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { Ports } from '../../ports/index.ts';
import type { Item } from '../../ports/store.ts';
import { etagOf } from '../../records/etag.ts';
import { getOperation } from '../../records/read.ts';
import { route } from '../http/route-spec.ts';
import type { StreamEvent } from '../http/sse.ts';
import { waitSchema } from '../http/wait.ts';
import { followLog, logAnswer, logQuery, logReply } from '../logs/log-stream.ts';
import { acceptedAnswer, acceptedReply, hasEnded, operationSchema, operationView } from './operation-view.ts';

const missing = (operation: string): Problem =>
  new Problem('not_found', `There is no operation "${operation}".`, {
    hint: 'Operations are kept for 30 days; events are kept longer.',
  });

/** An operation belongs to its project, which its path does not name. */
const owner = {
  of: async (ports: Ports, params: { operation: string }) =>
    (await ports.store.get<Operation>(operationKey(params.operation)))?.data,
  missing: (params: { operation: string }) => missing(params.operation),
};

/** The operation as it is, then each time it changes; the stream ends with the operation. */
async function* follow(
  ports: Ports,
  id: string,
  lastEventId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const { pk } = operationKey(id);
  let seen = Number(lastEventId ?? 0);
  while (!signal.aborted) {
    // Subscribes before reading, so that no change falls between the two.
    const changed = ports.store.changed(pk, { timeoutMs: 5_000, signal });
    const item = await getOperation(ports.store, id);
    const ended = hasEnded(item.data);
    if (item.version !== seen || ended) {
      seen = item.version;
      yield { event: 'operation', id: String(item.version), data: operationView(item.data) };
    }
    if (ended) return;
    await changed;
  }
}

export const routes = [
  route({
    method: 'get',
    path: '/v1/operations/{operation}',
    policy: { action: 'operation.read', scope: 'project' },
    owner,
    operationId: 'getOperation',
    summary: 'Read an operation, wait for its end, or follow it until then',
    description: 'With `wait` it answers once the operation has ended, or as it is after so many seconds.',
    tag: 'Operations',
    query: z.strictObject({ wait: waitSchema.optional() }),
    answers: {
      200: {
        summary: 'The operation',
        schema: operationSchema,
        etag: true,
        stream: {
          schema: operationSchema,
          summary: 'An event `operation` with each change; the last shows its end',
        },
      },
    },
    handle: async ({ ports, params, query, wantsStream, lastEventId, stream, request }) => {
      const first = await getOperation(ports.store, params.operation);
      if (wantsStream) return stream((signal) => follow(ports, params.operation, lastEventId, signal));
      const item = await untilEnded(ports, first, (query.wait ?? 0) * 1000, request.signal);
      return { status: 200, body: operationView(item.data), etag: etagOf(item) };
    },
  }),
  route({
    method: 'post',
    path: '/v1/operations/{operation}/cancel',
    policy: { action: 'operation.cancel', scope: 'project' },
    owner,
    operationId: 'cancelOperation',
    summary: 'Cancel a build, a deployment, a run or a game day',
    description: 'It ends as `canceled` within moments; what served before goes on serving.',
    tag: 'Operations',
    answers: { 202: acceptedAnswer('The operation, asked to stop') },
    problems: ['operation_ended', 'conflict'],
    handle: ({ ports, params, change }) =>
      change(acceptedReply, (caller) => cancelOperation(ports, caller, params.operation)),
  }),
  route({
    method: 'get',
    path: '/v1/operations/{operation}/logs',
    policy: { action: 'log.read', scope: 'project' },
    owner,
    operationId: 'getOperationLogs',
    summary: 'Read or follow what an operation printed',
    description:
      'The output of a build or a run; a release command prints into the log of its service. A stream ends when the operation has ended.',
    tag: 'Operations',
    query: logQuery,
    answers: {
      200: logAnswer,
    },
    handle: async ({ ports, params, query, wantsStream, lastEventId, stream }) => {
      const item = await getOperation(ports.store, params.operation);
      const name = operationLog(item.data.id);
      if (!wantsStream) return logReply(ports.logs, name, query);
      // An operation that has ended writes no more output.
      const following =
        query.follow === undefined && hasEnded(item.data) ? { ...query, follow: false } : query;
      return stream((signal) =>
        followLog(ports.logs, name, following, lastEventId, untilEnd(ports, item.data, signal)),
      );
    },
  }),
];

/** The operation when it has ended, or as it is when the time is over or the client has gone. */
async function untilEnded(
  ports: Ports,
  first: Item<Operation>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Item<Operation>> {
  const { pk } = operationKey(first.data.id);
  const end = performance.now() + timeoutMs;
  for (let item = first; ; ) {
    const left = end - performance.now();
    if (hasEnded(item.data) || left <= 0 || signal.aborted) return item;
    const stop = new AbortController();
    const changed = ports.store.changed(pk, {
      timeoutMs: left,
      signal: AbortSignal.any([signal, stop.signal]),
    });
    // Reads after subscribing and before waiting, so that no change is missed.
    item = await getOperation(ports.store, first.data.id);
    if (hasEnded(item.data)) stop.abort();
    await changed;
    if (!hasEnded(item.data)) item = await getOperation(ports.store, first.data.id);
  }
}

/** A signal that aborts with another one, or a moment after the operation has ended. */
function untilEnd(ports: Ports, operation: Operation, signal: AbortSignal): AbortSignal {
  const stop = new AbortController();
  signal.addEventListener('abort', () => stop.abort(), { once: true });
  const watch = async (): Promise<void> => {
    for await (const _event of follow(ports, operation.id, undefined, signal));
    // Output that was written before the end may still be on its way through the log.
    await ports.store.changed(operationKey(operation.id).pk, { timeoutMs: 500, signal });
    stop.abort();
  };
  watch().catch(() => stop.abort());
  return stop.signal;
}
