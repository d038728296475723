/** Reads the text of a Score file. */

import type { ScoreWorkload } from '../workload.ts';
import { checkForm } from './check.ts';
import { invalidScore } from './score-faults.ts';
import { readYaml } from './yaml.ts';

export { checkScore } from './check.ts';

/**
 * Reads a Score v1b1 file, YAML or JSON, into its normal form. Placeholders stay as they are: `references`
 * checks them.
 * @throws Problem invalid_score with `errors: [{path, line, column, message}]`
 */
export function parseScore(text: string): ScoreWorkload {
  const file = readYaml(text);
  const checked = checkForm(file.value);
  if ('workload' in checked) return checked.workload;
  throw invalidScore(checked.faults.map((fault) => ({ ...fault, position: file.locate(fault) })));
}
