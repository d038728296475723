/** Every resource type; what else is known of them anywhere follows from this list. */

export { s3 } from './aws-apis/s3.ts';
export { sqs } from './aws-apis/sqs.ts';
export { dns } from './dns.ts';
export { environment } from './environment.ts';
export { postgres } from './postgres/postgres.ts';
export { redis } from './redis.ts';
export { route } from './route.ts';
export { service, servicePort } from './service-port.ts';
export { volume } from './volume.ts';
