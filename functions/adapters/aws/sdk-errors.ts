/** What an AWS SDK's errors mean here. */
import { TransientError } from '../../core/problem.ts';

const TRANSIENT =
  /Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ServiceUnavailable|InternalServ|InternalFailure|InternalError|RequestTimeout|TimeoutError|ExpiredToken|RequestExpired|ServerException/;
const NETWORK = /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|UND_ERR_\w+)$/;

/** The error's code as AWS names it, such as `ResourceNotFoundException`. */
export const awsCode = (error: unknown): string | undefined =>
  error instanceof Error ? error.name : undefined;

export const isAws = (error: unknown, ...codes: string[]): boolean => codes.includes(awsCode(error) ?? '');

/**
 * Whether another try is worth it: for throttles, time-outs, lost connections, 5xx, and credentials that ran out,
 * since the next try gets new ones.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (TRANSIENT.test(error.name)) return true;
  if ('code' in error && typeof error.code === 'string' && NETWORK.test(error.code)) return true;
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return false;
  const status = metadata.httpStatusCode;
  return typeof status === 'number' && (status >= 500 || status === 429);
}

/**
 * Awaits a request that the SDK has already tried several times.
 * @throws TransientError where another try is worth it; any other error as it came
 */
export async function sent<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!isTransient(error)) throw error;
    throw new TransientError(`AWS: ${awsCode(error)}`, { cause: error });
  }
}

/** As `sent`, but undefined for an error of one of these codes. */
export async function unless<T>(codes: readonly string[], request: Promise<T>): Promise<T | undefined> {
  try {
    return await sent(request);
  } catch (error) {
    if (isAws(error, ...codes)) return undefined;
    throw error;
  }
}
