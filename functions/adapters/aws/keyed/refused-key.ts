/** What a key that is not good, or not yet, is answered with. */
import { TransientError } from '../../../core/problem.ts';

const REFUSED =
  /AccessDenied|Forbidden|InvalidAccessKeyId|InvalidClientTokenId|SignatureDoesNotMatch|UnrecognizedClient|NoSuchBucket|NotFound|QueueDoesNotExist/;

/** @returns false for a refusal @throws the error, where it is none */
export function isRefusal(error: unknown): false {
  if (error instanceof TransientError || !(error instanceof Error)) throw error;
  const { httpStatusCode: status } =
    '$metadata' in error && typeof error.$metadata === 'object' && error.$metadata !== null
      ? (error.$metadata as { httpStatusCode?: number })
      : {};
  if (REFUSED.test(error.name) || status === 403 || status === 404) return false;
  throw error;
}
