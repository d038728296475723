/** Checks a workload that came as JSON. Reading YAML is in parse.ts, so that this file needs no YAML parser. */

import type { ScoreWorkload } from '../workload.ts';
import { issueFaults } from './issues.ts';
import { copyJson } from './json.ts';
import { ruleFaults } from './rules.ts';
import { workloadSchema } from './schema.ts';
import { type Fault, invalidScore } from './score-faults.ts';
import { SCORE_MAX_BYTES } from './score-limits.ts';

export type Checked = { workload: ScoreWorkload } | { faults: Fault[] };

/** @param value JSON, as `copyJson` gives it */
export function checkForm(value: unknown): Checked {
  const parsed = workloadSchema.safeParse(value);
  if (!parsed.success) return { faults: issueFaults(parsed.error.issues, value) };
  const faults = ruleFaults(parsed.data);
  if (faults.length > 0) return { faults };
  // Escapes can make JSON longer than the text it came from.
  if (Buffer.byteLength(JSON.stringify(parsed.data)) > SCORE_MAX_BYTES) {
    return { faults: [{ path: [], message: `is larger than ${SCORE_MAX_BYTES / 1024} KiB as JSON` }] };
  }
  return { workload: parsed.data };
}

/**
 * Checks a workload given as a JSON value and gives its normal form; nothing of the value is kept or changed.
 * @throws Problem invalid_score with `errors: [{path, message}]`
 */
export function checkScore(value: unknown): ScoreWorkload {
  const copied = copyJson(value);
  if ('faults' in copied) throw invalidScore(copied.faults);
  const checked = checkForm(copied.value);
  if ('faults' in checked) throw invalidScore(checked.faults);
  return checked.workload;
}
