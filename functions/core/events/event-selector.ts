/** Selectors choose events: by a type, or by a noun that stands for all of its types. */

const SELECTOR = '[a-z][a-z-]{0,39}(?:\\.[a-z][a-z-]{0,39})?';

/** @example deployment or deployment.failed */
export const SELECTOR_PATTERN = new RegExp(`^${SELECTOR}$`);

/** One to twenty selectors, separated by commas. */
export const SELECTORS_PATTERN = new RegExp(`^${SELECTOR}(?:,${SELECTOR}){0,19}$`);

/** Tells whether a type of event is chosen; without selectors, all types are. */
export const isSelected = (type: string, selectors: readonly string[] | undefined): boolean =>
  selectors === undefined || selectors.includes(type) || selectors.includes(type.split('.', 1)[0] ?? '');
