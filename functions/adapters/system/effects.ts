/** The real clock and real chance. */
import { randomBytes, randomFillSync } from 'node:crypto';
import { ID_ALPHABET as ALPHABET } from '../../core/id-order.ts';
import type { Effects } from '../../ports/effects.ts';

const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

function encodeTime(time: number): string {
  let text = '';
  for (let rest = time; text.length < TIME_CHARACTERS; rest = Math.floor(rest / 32))
    text = ALPHABET.charAt(rest % 32) + text;
  return text;
}

/** Adds one to a number of digits from 0 to 31; false when it starts again at zero. */
function increment(digits: Uint8Array): boolean {
  for (let position = digits.length - 1; position >= 0; position--) {
    const digit = ((digits[position] ?? 0) + 1) % 32;
    digits[position] = digit;
    if (digit !== 0) return true;
  }
  return false;
}

/**
 * Ids are ULIDs that always grow: within a millisecond, and while the clock is behind where it was, the random
 * half counts up.
 * @param options.now the clock, epoch milliseconds
 * @param options.fill fills an array with random bytes
 */
export function createEffects(
  options: { now?: () => number; fill?: (bytes: Uint8Array) => void } = {},
): Effects {
  const { now = Date.now, fill = randomFillSync } = options;
  const digits = new Uint8Array(RANDOM_CHARACTERS);
  let last = -1;
  let prefix = '';

  function start(time: number): void {
    last = time;
    prefix = encodeTime(time);
    fill(digits);
    for (const [position, byte] of digits.entries()) digits[position] = byte % 32;
  }

  return {
    now,
    id() {
      const time = now();
      if (time > last) start(time);
      else if (!increment(digits)) start(last + 1);
      let id = prefix;
      for (const digit of digits) id += ALPHABET.charAt(digit);
      return id;
    },
    token: (bytes) => randomBytes(bytes).toString('base64url'),
  };
}
