/** Bounds on a Score file. Each is far beyond what a real one needs, and small enough to be read at once. */

/** Bytes, of the text as it comes and of the workload as JSON: it has to fit into one record of the store. */
export const SCORE_MAX_BYTES = 256 * 1024;

/** Lexical tokens of the text: bounds the time of the parser where it meets many faults. */
export const SCORE_MAX_TOKENS = 30_000;

/** Maps and lists inside one another. */
export const SCORE_MAX_DEPTH = 32;

/** Keys that name parts of JavaScript's own objects. They are refused wherever they occur. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
