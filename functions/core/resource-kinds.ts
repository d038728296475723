/** Resource types that Berth makes something for, and keeps a record of; all others only compute their outputs. */
export const madeResourceTypes: ReadonlySet<string> = new Set(['postgres', 'volume']);

/** Those with credentials that can be rotated. */
export const rotatableResourceTypes: ReadonlySet<string> = new Set(['postgres']);
