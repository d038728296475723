/** What every adapter of Secrets refuses before it keeps a value, so that all of them refuse the same. */
import { limits } from '../../core/limits.ts';
import { Problem } from '../../core/problem.ts';

/** The largest value, bytes of UTF-8: the limit of AWS Secrets Manager. */
export const SECRET_VALUE_MAX_BYTES = limits.secretValue.value;

/** @throws Problem payload_too_large | invalid_request */
export function checkSecretValue(value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes > SECRET_VALUE_MAX_BYTES) {
    throw new Problem(
      'payload_too_large',
      `The secret was not kept: its value has ${bytes} bytes, and ${SECRET_VALUE_MAX_BYTES} are the most.`,
      { hint: 'Keep large content elsewhere, and only what opens it as a secret.' },
    );
  }
  if (!value.isWellFormed()) {
    throw new Problem('invalid_request', 'The secret was not kept: its value is not well-formed Unicode.', {
      hint: 'Encode binary content, for example as Base64.',
    });
  }
}

const NAME_MAX_LENGTH = 512;

/** @throws RangeError for a path or a version's id that can not be one */
export function checkSecretName(text: string, what: string): void {
  if (
    text === '' ||
    text.length > NAME_MAX_LENGTH ||
    !text.isWellFormed() ||
    /[\u0000-\u001f\u007f]/.test(text)
  )
    throw new RangeError(`${what} is empty, over ${NAME_MAX_LENGTH} characters, or has control characters`);
}

/** @throws RangeError */
export function checkSecretPath(path: string): void {
  checkSecretName(path, 'path');
  if (path.split('/').includes('')) throw new RangeError('path has an empty segment');
}
