/** Reads the lines that a log drain sends, from where it was. */

import type { DrainLine } from '../core/drains/drain-line.ts';
import { sendsOf } from '../core/drains/drain-rules.ts';
import { limits } from '../core/limits.ts';
import { levelOf } from '../core/logs/log-level.ts';
import type { Drain, DrainPlace } from '../core/model/index.ts';
import type { LogLine, LogReading, LogStream } from '../ports/logs.ts';
import { createLineFilter } from '../ports/rules/logs-page.ts';
import type { Label } from './stream-labels.ts';

export const BATCH_LINES = limits.drainBatchLines.value;
export const BATCH_BYTES = limits.drainBatch.value;

/** Whether the drain sends what is printed to a stream. */
export const isSelected = (drain: Drain, label: Label | undefined): label is Label =>
  label?.project === drain.project &&
  (label.operation === undefined || drain.operations === true) &&
  sendsOf(drain, label);

/** Where a drain begins in a stream that it has not read yet, and where it goes on else. */
export const placeIn = (
  { begunAt, readsSince }: Drain,
  places: ReadonlyMap<LogStream, DrainPlace>,
  stream: LogStream,
): DrainPlace => {
  const known = places.get(stream);
  return known?.begunAt === begunAt ? known : { begunAt, since: readsSince };
};

const lineOf = (line: LogLine, label: Label): DrainLine => {
  const { at, message, source, deployment, replica, container } = line;
  const level = levelOf(message);
  return {
    time: at,
    message,
    stream: source,
    ...(level && { level }),
    ...label,
    ...(deployment !== undefined && { deployment }),
    ...(replica !== undefined && { replica }),
    ...(container !== undefined && { container }),
  };
};

export interface ReadLines {
  lines: DrainLine[];
  place: DrainPlace;
  /** How many lines were passed over, those that are sent among them. */
  passed: number;
  /** Bytes behind the place. */
  left: number;
  isCut: boolean;
}

/** @param most lines that are read */
export async function readLines(
  reading: LogReading,
  drain: Drain,
  { stream, label, from }: { stream: LogStream; label: Label; from: DrainPlace },
  most: { lines: number; bytes: number },
): Promise<ReadLines> {
  const { since, begunAt } = from;
  const found = await reading.readOn(stream, from.place, most);
  const filter = {
    ...(drain.filter?.search !== undefined && { search: drain.filter.search }),
    ...(label.service !== undefined && { service: label.service }),
  };
  const passing = createLineFilter(filter);
  const lines = found.lines.flatMap((line) =>
    since !== undefined && line.at < since ? [] : passing(line).map((one) => lineOf(one, label)),
  );
  return {
    lines,
    place: { place: found.place, begunAt, ...(found.left > 0 && since !== undefined && { since }) },
    passed: found.lines.length,
    left: found.left,
    isCut: found.isCut === true,
  };
}
