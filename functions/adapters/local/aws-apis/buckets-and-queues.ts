/** Buckets and queues of this machine: for each a process that speaks the API of S3 or SQS on the loopback interface. */
import { randomBytes } from 'node:crypto';
import { shortHash } from '../../../core/names.ts';
import { Problem } from '../../../core/problem.ts';
import type { BucketsAndQueues } from '../../../ports/buckets-and-queues.ts';
import { createOwnedServers } from '../owned-servers.ts';
import { createApiServer, queueAttributes } from './api-server.ts';

export interface LocalBucketsAndQueuesOptions {
  /** Holds a directory for each. */
  directory: string;
  /** Lines about what the servers do by themselves. */
  log?(line: string): void;
}

export interface LocalBucketsAndQueues extends BucketsAndQueues {
  /** Starts the servers that shall run: after a restart workloads expect them. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** What clients take where they are told nothing; they sign with it. */
const REGION = 'us-east-1';
const ACCOUNT = '000000000000';

export function createLocalBucketsAndQueues({
  directory,
  log = () => undefined,
}: LocalBucketsAndQueuesOptions): LocalBucketsAndQueues {
  const servers = createOwnedServers({
    directory,
    open: (place) => createApiServer({ directory: place, log }),
  });
  return {
    refusal: async () => undefined,
    // It is good for nothing yet, and there is room for as many as are asked for.
    async makeKey() {
      const secret = randomBytes(40).toString('base64url');
      return { id: `BERTH${shortHash(`access key ${secret}`, 15).toUpperCase()}`, secret };
    },
    ensure: ({ kind, name: label, tag }, spec, key) =>
      servers.ensure(label, tag, async (server) => {
        const name = spec.fifo ? `${label}.fifo` : label;
        const queue = kind === 'queue' ? queueAttributes(spec) : {};
        const port = await server.ensure({ kind, name, region: REGION, maxBytes: spec.maxBytes, queue }, key);
        const endpoint = `http://127.0.0.1:${port}`;
        if (kind === 'bucket') return { endpoint, region: REGION, name, arn: `arn:aws:s3:::${name}` };
        const arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
        return { endpoint, region: REGION, name, arn, url: `${endpoint}/${ACCOUNT}/${name}` };
      }),
    async allow({ name, tag }, key) {
      const done = await servers.withServer(name, tag, async (server) => {
        await server.allow(key);
        return true;
      });
      if (done) return;
      throw new Problem('unavailable', `There is no bucket or queue ${name}.`, {
        hint: 'Deploy again: that makes it.',
      });
    },
    async retain({ name, tag }, keyId) {
      await servers.withServer(name, tag, (server) => server.retain(keyId));
    },
    async sleep({ name, tag }) {
      await servers.withServer(name, tag, (server) => server.sleep());
    },
    async wake({ name, tag }) {
      await servers.withServer(name, tag, (server) => server.wake());
    },
    remove: ({ name, tag }) => servers.remove(name, tag),
    async inventory({ name, tag, kind }) {
      return (await servers.exists(name, tag)) ? [`${kind} ${name}`] : [];
    },
    resume: servers.resume,
    close: servers.close,
  };
}
