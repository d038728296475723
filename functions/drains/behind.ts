/** How many lines wait for the receiver of a log drain. It only reads. */

import type { Behind } from '../core/drains/drain-rules.ts';
import { drainPlacesPartition, operationLog, operationsPartition } from '../core/keys.ts';
import { limits } from '../core/limits.ts';
import type { Drain, DrainPlace } from '../core/model/index.ts';
import type { LogReading, LogStream } from '../ports/logs.ts';
import type { Store } from '../ports/store.ts';
import { readAll } from '../records/read-all.ts';
import { BATCH_BYTES, BATCH_LINES, isSelected, placeIn, readLines } from './read-lines.ts';
import { createLabels } from './stream-labels.ts';

/** Of operations that nothing was sent of yet, the newest so many. */
const OPERATIONS = 100;

/** The streams that a drain may send, those that it does not send among them. */
export async function streamsOf(
  { store, reading }: { store: Store; reading: LogReading },
  { project, operations }: Drain,
): Promise<LogStream[]> {
  const own = await reading.streams(project);
  if (!operations) return own;
  const { items } = await store.query({
    pk: operationsPartition(project),
    limit: OPERATIONS,
    reverse: true,
  });
  return [...own, ...items.map(({ sk }) => operationLog(sk))];
}

/** How far a drain has read, as it is written down. */
export async function placesOf(store: Store, { id }: Drain): Promise<Map<LogStream, DrainPlace>> {
  const items = await readAll<DrainPlace>(store, drainPlacesPartition(id));
  return new Map(items.map(({ sk, data }) => [sk, data]));
}

export async function behindOf(store: Store, reading: LogReading, drain: Drain): Promise<Behind> {
  if (!drain.enabled) return { lines: 0, isMore: false };
  const places = await placesOf(store, drain);
  const streams = new Set([...(await streamsOf({ store, reading }, drain)), ...places.keys()]);
  const labels = createLabels(store);
  const behind: Behind = { lines: 0, isMore: false };
  let passed = 0;
  for (const stream of streams) {
    const label = await labels.of(stream);
    if (!isSelected(drain, label)) continue;
    let from = placeIn(drain, places, stream);
    for (let left = 1; left > 0; ) {
      if (passed >= limits.drainCounted.value) return { ...behind, isMore: true };
      const most = { lines: BATCH_LINES, bytes: BATCH_BYTES };
      const read = await readLines(reading, drain, { stream, label, from }, most);
      behind.lines += read.lines.length;
      passed += read.passed;
      from = read.place;
      left = read.left;
    }
  }
  return behind;
}
