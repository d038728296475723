/** Ids sort by time: their first ten characters are the time that they were made at. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_LENGTH = 10;

/** The time in a ULID, epoch milliseconds. */
export const timeOfUlid = (ulid: string): number =>
  [...ulid.slice(0, TIME_LENGTH)].reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0);

/** What the ULIDs of a time begin with: all that are earlier sort before it, all others behind. */
export function ulidTime(milliseconds: number): string {
  let text = '';
  for (let rest = Math.max(0, milliseconds), at = 0; at < TIME_LENGTH; at++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
