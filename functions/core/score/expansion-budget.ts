/** Counts what text expands to, so that a short text can not become a long one. */
import { limits } from '../limits.ts';
import { Problem } from '../problem.ts';

export interface ExpansionBudget {
  /**
   * Counts a piece before it is joined to others.
   * @param where names the place in the error, such as `containers.main.variables.URL`
   * @throws Problem expansion_too_large
   */
  take(piece: string, where: string): void;
}

export function expansionBudget(most: number = limits.expandedText.value): ExpansionBudget {
  let taken = 0;
  return {
    take(piece, where) {
      taken += Buffer.byteLength(piece);
      if (taken <= most) return;
      throw new Problem(
        'expansion_too_large',
        `${where} can not be expanded: with it, more than ${most} bytes came of the text.`,
        {
          hint: 'Repeat long values less often: give a value once, in a variable or a file of its own.',
          extra: { errors: [{ path: where, message: `expands to more than ${most} bytes` }] },
        },
      );
    },
  };
}
