/** What the types `s3` and `sqs` guarantee wherever their buckets and queues are. */
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResourceOutputs } from '../../../functions/core/model/index.ts';
import type { Ports } from '../../../functions/ports/index.ts';
import { s3 } from '../../../functions/resources/aws-apis/s3.ts';
import { sqs } from '../../../functions/resources/aws-apis/sqs.ts';
import { problemOf, requestFor } from '../../resources/ports.ts';
import { untilDone } from '../caches/redis.ts';
import { codeOf, s3Client, sqsClient } from './clients.ts';

export function keyedTypesContract(
  name: string,
  makeSubject: () => Promise<{ ports: Ports; dispose(): Promise<void> }>,
): void {
  describe(`s3 and sqs: ${name}`, { timeout: 120_000 }, () => {
    let ports: Ports;
    let dispose: () => Promise<void>;
    beforeAll(async () => {
      ({ ports, dispose } = await makeSubject());
    });
    afterAll(() => dispose?.());

    const request = requestFor({ type: 's3' }, { name: 'photos' });
    const jobs = requestFor(
      { type: 'sqs', params: { fifo: true, visibility_timeout: 60 } },
      { name: 'jobs' },
    );
    const secretOf = async ({ secrets }: ResourceOutputs, output = 'secret_key') =>
      (await ports.secrets.get(secrets[output]?.secret ?? '', secrets[output]?.version)) ?? '';
    const clientOf = async (outputs: ResourceOutputs) => {
      const { endpoint = '', region = '', access_key_id: id = '' } = outputs.values;
      return [
        { endpoint, region },
        { id, secret: await secretOf(outputs) },
      ] as const;
    };
    const read = async (outputs: ResourceOutputs) => {
      const get = new GetObjectCommand({ Bucket: outputs.values.bucket, Key: 'a' });
      return (await s3Client(...(await clientOf(outputs))).send(get)).Body?.transformToString();
    };

    it('give the outputs that other implementations of Score give, the same each time', async () => {
      const outputs = await untilDone(() => s3.provision(ports, request));
      expect(Object.keys({ ...outputs.values, ...outputs.secrets }).toSorted()).toEqual(
        Object.keys(s3.outputs).toSorted(),
      );
      expect(outputs.values.aws_access_key_id).toBe(outputs.values.access_key_id);
      expect(await secretOf(outputs, 'aws_secret_key')).toBe(await secretOf(outputs));
      expect(await untilDone(() => s3.provision(ports, request))).toEqual(outputs);
      const put = new PutObjectCommand({ Bucket: outputs.values.bucket, Key: 'a', Body: '1' });
      await s3Client(...(await clientOf(outputs))).send(put);
      expect(await read(outputs)).toBe('1');
    });

    it('have a queue in order, with the parameters of the Score file', async () => {
      const outputs = await untilDone(() => sqs.provision(ports, jobs));
      expect(Object.keys({ ...outputs.values, ...outputs.secrets }).toSorted()).toEqual(
        Object.keys(sqs.outputs).toSorted(),
      );
      const client = sqsClient(...(await clientOf(outputs)));
      const { url: QueueUrl } = outputs.values;
      expect(QueueUrl).toMatch(/\.fifo$/);
      for (const MessageBody of ['1', '2'])
        await client.send(
          new SendMessageCommand({
            QueueUrl,
            MessageBody,
            MessageGroupId: 'g',
            MessageDeduplicationId: MessageBody,
          }),
        );
      for (const body of ['1', '2']) {
        const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
        expect(Messages.map(({ Body }) => Body)).toEqual([body]);
        const [{ ReceiptHandle } = {}] = Messages;
        await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      await untilDone(() => sqs.deprovision(ports, jobs));
      expect(await sqs.inventory(ports, jobs)).toEqual([]);
    });

    it('rotate: the key in use is good until it is retired', async () => {
      const { rotate, restore, retire } = s3.rotation ?? {};
      if (!rotate || !restore || !retire) throw new Error('it has no rotation');
      const first = await untilDone(() => s3.provision(ports, request));
      const next = await untilDone(() => rotate(ports, request, first));
      expect(next.values.access_key_id).not.toBe(first.values.access_key_id);
      expect(await untilDone(() => rotate(ports, request, first))).toEqual(next);
      for (const outputs of [first, next]) expect(await read(outputs)).toBe('1');
      expect(await untilDone(() => s3.provision(ports, request))).toEqual(next);
      await restore(ports, request, first);
      const { values } = await untilDone(() => s3.provision(ports, request));
      expect(values.access_key_id).toBe(first.values.access_key_id);
      const third = await untilDone(() => rotate(ports, request, first));
      const old = s3Client(...(await clientOf(first)));
      await retire(ports, request, first, third);
      await retire(ports, request, first, third);
      expect(await secretOf(first)).toBe('');
      const get = new GetObjectCommand({ Bucket: first.values.bucket, Key: 'a' });
      expect(await codeOf(old.send(get))).toBe('InvalidAccessKeyId');
      expect(await read(third)).toBe('1');
    });

    it('are no later environment’s of the same name, and leave nothing when they go', async () => {
      const later = { ...request, environmentId: 'later' };
      expect((await problemOf(s3.provision(ports, later))).code).toBe('invalid_resource');
      expect(await s3.inventory(ports, request)).not.toEqual([]);
      await untilDone(() => s3.deprovision(ports, request));
      await untilDone(() => s3.deprovision(ports, request));
      expect(await s3.inventory(ports, request)).toEqual([]);
    });

    it('are refused where there are none, with what helps, before anything is kept', async () => {
      const { bucketsAndQueues: _, ...without } = ports;
      expect(await s3.refusal?.(without)).toMatchObject({ why: expect.stringContaining('no buckets') });
      const { code, text } = await problemOf((async () => sqs.check?.(without, jobs))());
      expect(code).toBe('invalid_resource');
      expect(text).toContain('as secrets of the environment');
    });
  });
}
