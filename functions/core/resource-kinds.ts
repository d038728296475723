/** Resource types that Berth makes something for, and keeps a record of; all others only compute their outputs. */
export const madeResourceTypes: ReadonlySet<string> = new Set(['postgres', 'volume']);
