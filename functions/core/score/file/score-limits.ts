/** Bounds on a Score file. Each is far beyond the needs of a real file, and small enough to be read at once. */
import { limits } from '../../limits.ts';

/** The size of the text and of the workload as JSON, bytes: the workload has to fit into one record of the store. */
export const SCORE_MAX_BYTES = limits.scoreFile.value;

/** Lexical tokens of the text. This bounds the parser's time where it meets many faults. */
export const SCORE_MAX_TOKENS = limits.scoreTokens.value;

/** How deep maps and lists may be nested. */
export const SCORE_MAX_DEPTH = limits.scoreDepth.value;

/** Keys that name parts of JavaScript's own objects. They are refused wherever they occur. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
