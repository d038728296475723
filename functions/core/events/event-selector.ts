/** What events are chosen by: a type, or a noun that stands for all of its types. */

const SELECTOR = '[a-z][a-z-]{0,39}(?:\\.[a-z][a-z-]{0,39})?';

/** @example deployment or deployment.failed */
export const SELECTOR_PATTERN = new RegExp(`^${SELECTOR}$`);

/** One to twenty, separated by commas. */
export const SELECTORS_PATTERN = new RegExp(`^${SELECTOR}(?:,${SELECTOR}){0,19}$`);

/** Whether a type of events is chosen; all are where nothing is asked for. */
export const isSelected = (type: string, selectors: readonly string[] | undefined): boolean =>
  selectors === undefined || selectors.includes(type) || selectors.includes(type.split('.', 1)[0] ?? '');
