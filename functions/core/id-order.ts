/** The order of ids (ULIDs). */

/** Crockford's base 32: no I, L, O, U. */
export const ID_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The id next to another one. */
export function idAfter(id: string): string {
  const digits = [...id];
  for (let position = digits.length - 1; position >= 0; position--) {
    const next = ID_ALPHABET.charAt(ID_ALPHABET.indexOf(digits[position] ?? '0') + 1);
    digits[position] = next || '0';
    if (next) break;
  }
  return digits.join('');
}
