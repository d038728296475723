/** Queues of SQS, each for one resource: encrypted, by TLS alone. */
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { BucketOrQueueSpec } from '../../../ports/buckets-and-queues.ts';
import { queueOrderChanged } from '../../../ports/rules/queue-order.ts';
import { ServerNotOurs } from '../../../ports/rules/server-not-ours.ts';
import { isAws, sent, unless } from '../sdk-errors.ts';
import { OWNER, tlsPolicy } from './key-rules.ts';
import { isRefusal } from './refused-key.ts';

export interface OwnedQueue {
  url: string;
  name: string;
}

const NONE = ['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'];
/** AWS gives the name of a queue again a minute after that was removed. */
const BUSY = ['QueueDeletedRecently', 'AWS.SimpleQueueService.QueueDeletedRecently'];
/** Another call has made it, and perhaps otherwise. */
const EXISTS = ['QueueNameExists', 'QueueAlreadyExists'];

/** Whether a queue is in order is told by its name. */
export const queueName = (name: string, { fifo }: { fifo: boolean }): string =>
  fifo ? `${name}.fifo` : name;

export function createOwnedQueues({ sqs }: { sqs: SQSClient }) {
  /** @throws ServerNotOurs */
  async function find(name: string, tag: string): Promise<OwnedQueue | undefined> {
    const { QueueUrl: url } =
      (await unless(NONE, sqs.send(new GetQueueUrlCommand({ QueueName: name })))) ?? {};
    const found =
      url !== undefined && (await unless(NONE, sqs.send(new ListQueueTagsCommand({ QueueUrl: url }))));
    if (!url || !found) return undefined;
    if (found.Tags?.[OWNER] !== tag) throw new ServerNotOurs(name);
    return { url, name };
  }

  /** That which is there, in order or not. */
  const findAny = async (name: string, tag: string): Promise<OwnedQueue[]> => {
    const found = [await find(name, tag), await find(queueName(name, { fifo: true }), tag)];
    return found.filter((one) => one !== undefined);
  };

  async function create(
    name: string,
    attributes: Record<string, string>,
    fifo: boolean,
    tags: Record<string, string>,
  ): Promise<OwnedQueue | undefined> {
    const command = new CreateQueueCommand({
      QueueName: name,
      Attributes: { ...attributes, ...(fifo && { FifoQueue: 'true' }) },
      tags,
    });
    try {
      await unless(EXISTS, sqs.send(command));
    } catch (error) {
      if (isAws(error, ...BUSY)) return undefined;
      throw error;
    }
    return find(name, tags[OWNER] ?? '');
  }

  return {
    /** @returns undefined while it is being made @throws ServerNotOurs */
    async ensure(
      name: string,
      arn: string,
      spec: Pick<BucketOrQueueSpec, 'fifo' | 'visibilitySeconds'>,
      tags: Record<string, string>,
    ): Promise<OwnedQueue | undefined> {
      const full = queueName(name, spec);
      const wanted: Record<string, string> = {
        VisibilityTimeout: String(spec.visibilitySeconds),
        SqsManagedSseEnabled: 'true',
        Policy: tlsPolicy('queue', queueName(arn, spec)),
      };
      const owner = tags[OWNER] ?? '';
      if (await find(queueName(name, { fifo: !spec.fifo }), owner)) throw queueOrderChanged();
      const queue = (await find(full, owner)) ?? (await create(full, wanted, spec.fifo, tags));
      if (!queue) return undefined;
      const asked = new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['All'] });
      const answer = await unless(NONE, sqs.send(asked));
      // SQS does not know everywhere yet what is new.
      if (!answer) return undefined;
      const { Attributes = {} } = answer;
      // SQS may write a policy otherwise than it was given.
      const differs =
        Attributes.VisibilityTimeout !== wanted.VisibilityTimeout ||
        Attributes.SqsManagedSseEnabled !== 'true' ||
        Attributes.Policy === undefined;
      if (!differs) return queue;
      const command = new SetQueueAttributesCommand({ QueueUrl: queue.url, Attributes: wanted });
      return (await unless(NONE, sqs.send(command))) && queue;
    },

    findAny,

    /** @param client with a program's key @returns whether the queue is open to it */
    isOpen: ({ url }: OwnedQueue, client: SQSClient): Promise<boolean> =>
      sent(client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }))).then(
        () => true,
        isRefusal,
      ),

    /** @returns whether nothing is left of it; idempotent @throws ServerNotOurs */
    async remove(name: string, tag: string): Promise<boolean> {
      for (const { url } of await findAny(name, tag))
        await unless(NONE, sqs.send(new DeleteQueueCommand({ QueueUrl: url })));
      return (await findAny(name, tag)).length === 0;
    },
  };
}
