/** The turn of one log drain: batches are read and sent, and what became of them is written down. */
import { pauseDrain } from '../commands/drains/drains.ts';
import { sendLines } from '../commands/drains/send-lines.ts';
import type { DrainLine } from '../core/drains/drain-line.ts';
import { type DrainOutcome, drainFailure, droppedNotice, isGivenUp } from '../core/drains/drain-rules.ts';
import { GIVE_UP_MS } from '../core/events/webhook-message.ts';
import { drainKey } from '../core/keys.ts';
import { limits } from '../core/limits.ts';
import type { Drain, DrainPlace } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import type { LogReading, LogStream } from '../ports/logs.ts';
import { TRANSACTION_MAX } from '../ports/store.ts';
import { placesOf, streamsOf } from './behind.ts';
import { type DrainState, forgetPlaces, moveTo, saveState } from './drain-state.ts';
import { BATCH_BYTES, BATCH_LINES, isSelected, placeIn, readLines } from './read-lines.ts';
import type { Label, Labels } from './stream-labels.ts';

const BACKLOG = limits.drainBacklog.value;
/** After this time it is the next drain's turn, milliseconds. */
const TURN_MS = 20_000;
/** At one go so much is dropped as may wait at the most. */
const TRIM_READS = BACKLOG / BATCH_BYTES;
/** Places behind lines that are not sent are written down this often at the most, milliseconds. */
const SAVE_MS = 10_000;

interface Batch {
  lines: DrainLine[];
  /** Behind the lines. */
  places: Map<LogStream, DrainPlace>;
  /** Streams that have more. */
  more: LogStream[];
}

/** @param signal ends the turn early: what is under way is sent again later */
export async function takeTurn(
  ports: Ports,
  { reading, labels }: { reading: LogReading; labels: Labels },
  state: DrainState,
  signal: AbortSignal,
): Promise<void> {
  const { store, effects } = ports;

  /** Reads the drain, and anew what it sends where somebody has changed that. */
  async function load(): Promise<Drain | undefined> {
    const found = await store.get<Drain>(drainKey(state.project, state.id));
    if (!found?.data.enabled) return undefined;
    if (state.drain?.version === found.version) return found.data;
    const drain = found.data;
    if (!state.drain) {
      state.places = await placesOf(store, drain);
      state.unsaved.clear();
    }
    const streams = await streamsOf({ store, reading }, drain);
    const kept = new Set([...streams, ...(drain.operations ? await reading.streams('operations') : [])]);
    const past: LogStream[] = [];
    for (const [stream, { begunAt }] of state.places) {
      const isCurrent = kept.has(stream) && begunAt === drain.begunAt;
      if (!isCurrent || !isSelected(drain, await labels.of(stream))) past.push(stream);
    }
    await forgetPlaces(store, state, past);
    for (const stream of [...streams, ...state.places.keys()]) state.dirty.add(stream);
    state.drain = found;
    return drain;
  }

  /** Drops the oldest of what is more than may wait, and counts it. @returns false where the drain is gone */
  async function trim(drain: Drain, stream: LogStream, label: Label): Promise<boolean> {
    // Who prints faster than this reads would keep it here for good: other services and the receiver have their turn too.
    let reads = TRIM_READS;
    const readOn = (from: DrainPlace, lines: number) =>
      readLines(reading, drain, { stream, label, from }, { lines, bytes: BATCH_BYTES });
    let read = await readOn(placeIn(drain, state.places, stream), 0);
    let { isCut } = read;
    let dropped = 0;
    if (read.left <= BACKLOG && !isCut) return true;
    while (read.left > BACKLOG && reads-- > 0 && !signal.aborted) {
      read = await readOn(read.place, BATCH_BYTES);
      dropped += read.lines.length;
      isCut ||= read.isCut;
    }
    moveTo(state, new Map([[stream, read.place]]));
    if (dropped === 0 && !isCut) return true;
    const droppedAt = new Date(effects.now()).toISOString();
    return saveState(ports, state, (delivery) => ({
      ...delivery,
      dropped: delivery.dropped + dropped,
      untold: delivery.untold + dropped,
      droppedAt,
      ...(isCut && { droppedMore: true as const, untoldMore: true as const }),
    }));
  }

  /** Reads what is sent next. @returns undefined where the drain is gone */
  async function gather(drain: Drain): Promise<Batch | undefined> {
    const batch: Batch = { lines: [], places: new Map(), more: [] };
    const seen: LogStream[] = [];
    const found: { line: DrainLine; time: string }[] = [];
    let lines = BATCH_LINES;
    let bytes = BATCH_BYTES;
    for (const stream of state.dirty) {
      if (lines <= 0 || bytes <= 0 || batch.places.size >= TRANSACTION_MAX / 2) break;
      seen.push(stream);
      const label = await labels.of(stream);
      if (!isSelected(drain, label)) continue;
      const next = () =>
        readLines(
          reading,
          drain,
          { stream, label, from: placeIn(drain, state.places, stream) },
          { lines, bytes },
        );
      let read = await next();
      if (read.left > BACKLOG || read.isCut) {
        if (!(await trim(drain, stream, label))) return undefined;
        read = await next();
      }
      if (read.left > 0) batch.more.push(stream);
      lines -= read.passed;
      for (const { message } of read.lines) bytes -= Buffer.byteLength(message);
      batch.places.set(stream, read.place);
      // Where the clock was put back, what is printed then still comes behind what was printed before.
      let time = '';
      for (const line of read.lines) {
        if (line.time > time) time = line.time;
        found.push({ line, time });
      }
    }
    for (const stream of seen) state.dirty.delete(stream);
    // Each stream is in its own order; those of several are put into that of their times.
    found.sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
    batch.lines = found.map(({ line }) => line);
    return batch;
  }

  /** What was not taken is sent again later, or counts as dropped where it is never taken. */
  async function fail(batch: Batch, outcome: Exclude<DrainOutcome, { kind: 'delivered' }>): Promise<void> {
    const now = effects.now();
    const at = new Date(now).toISOString();
    const { reason } = outcome;
    const { final, ...failure } = drainFailure(state.item.data.failure, outcome, now);
    const refused = (state.item.data.refused ?? 0) + (outcome.kind === 'refused' ? 1 : 0);
    const isOver = isGivenUp(refused);
    const count = isOver ? batch.lines.length : 0;
    if (isOver) moveTo(state, batch.places);
    const isThere = await saveState(ports, state, ({ refused: _before, ...delivery }) => ({
      ...delivery,
      failure,
      ...(refused > 0 && !isOver && { refused }),
      lastError: { at, reason },
      ...(count > 0 && {
        dropped: delivery.dropped + count,
        untold: delivery.untold + count,
        droppedAt: at,
      }),
    }));
    const ref = { project: state.project, drain: state.id };
    if (isThere && final) await pauseDrain(ports, ref, `For ${GIVE_UP_MS / 3_600_000} hours: ${reason}.`);
  }

  /** @returns whether the turn goes on */
  async function send(drain: Drain, batch: Batch): Promise<boolean> {
    const { untold, untoldMore } = state.item.data;
    const notice = droppedNotice(state.item.data, effects.now());
    const lines = notice ? [notice, ...batch.lines] : batch.lines;
    if (lines.length === 0) {
      moveTo(state, batch.places);
      return effects.now() - state.savedAt < SAVE_MS || saveState(ports, state);
    }
    const outcome = await sendLines(ports, drain, lines, signal);
    if (outcome.kind !== 'delivered') {
      // An attempt that was broken off says nothing about the receiver.
      if (!signal.aborted) await fail(batch, outcome);
      return false;
    }
    moveTo(state, batch.places);
    const deliveredAt = new Date(effects.now()).toISOString();
    return saveState(ports, state, ({ failure: _over, refused: _none, untoldMore: more, ...delivery }) => ({
      ...delivery,
      delivered: delivery.delivered + batch.lines.length,
      deliveredAt,
      untold: delivery.untold - untold,
      ...(more && !untoldMore && { untoldMore: more }),
    }));
  }

  // Nothing more is sent until it is written down what became of what was sent last.
  if (state.change && !(await saveState(ports, state))) return;
  const drain = await load();
  const { failure } = state.item.data;
  if (drain && failure && Date.parse(failure.nextAt) > effects.now()) {
    // What waits is bounded also while nothing is sent.
    for (const stream of state.dirty) {
      const label = await labels.of(stream);
      if (!isSelected(drain, label)) state.dirty.delete(stream);
      else if (signal.aborted || !(await trim(drain, stream, label))) return;
    }
    return;
  }
  const end = effects.now() + TURN_MS;
  while (!signal.aborted && effects.now() < end) {
    // It is read for each batch: once it is paused, changed or deleted, that holds from the next one on.
    const current = await load();
    const batch = current && (await gather(current));
    if (!current || !batch) return;
    let goesOn = false;
    try {
      goesOn = await send(current, batch);
    } finally {
      for (const stream of goesOn ? batch.more : batch.places.keys()) state.dirty.add(stream);
    }
    if (!goesOn || state.dirty.size === 0) return;
  }
}
