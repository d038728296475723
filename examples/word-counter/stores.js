/** The bucket, the queue and the Redis server that score.yaml asks for. */
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createClient } from 'redis';

const { env } = process;

/** Each has a key of its own. */
const options = (prefix) => ({
  endpoint: env[`${prefix}_ENDPOINT`],
  region: env[`${prefix}_REGION`],
  credentials: { accessKeyId: env[`${prefix}_KEY_ID`], secretAccessKey: env[`${prefix}_SECRET`] },
});

export const bucket = env.BUCKET;
export const s3 = new S3Client(options('S3'));
export const queueUrl = env.QUEUE_URL;
export const sqs = new SQSClient(options('SQS'));

/** It connects again by itself; what is asked meanwhile waits. */
export const redis = createClient({ url: env.REDIS_URL });
redis.on('error', (error) => console.error(error.message));
await redis.connect();
