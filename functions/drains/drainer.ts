/**
 * Sends the output of projects to the receivers of their log drains: each drain by itself, from the places up to which it
 * has read, and so at least once. What waits for a receiver is in the log alone: one that is slow or away takes the memory of
 * one batch while it is asked, and no time of anybody else.
 */
import { DRAIN_DELIVERIES } from '../core/keys.ts';
import type { DrainDelivery } from '../core/model/index.ts';
import type { Ports } from '../ports/index.ts';
import type { LogStream } from '../ports/logs.ts';
import { readAll } from '../records/read-all.ts';
import { beginState, type DrainState, saveState } from './drain-state.ts';
import { createLabels } from './stream-labels.ts';
import { takeTurn } from './turn.ts';

/** The number of requests at once; one that is not answered takes a place for ten seconds, and ever less often. */
const PLACES = 32;

export interface DrainerOptions {
  onError(drain: string, error: unknown): void;
}

export interface Drainer {
  /** Finds the drains that are behind, and puts them in line; it waits for no receiver. */
  pass(): Promise<void>;
  /** Resolves when no drain is in line. */
  idle(): Promise<void>;
  /** Ends requests that are under way; their lines are sent again later. */
  close(): Promise<void>;
}

const nothing: Drainer = {
  pass: async () => undefined,
  idle: async () => undefined,
  close: async () => undefined,
};

/** It alone sends: no other process has drains of the same store. */
export function createDrainer(ports: Ports, { onError }: DrainerOptions): Drainer {
  const { reading } = ports.logs;
  if (!reading) return nothing;
  const stopping = new AbortController();
  const labels = createLabels(ports.store);
  const states = new Map<string, DrainState>();
  const line: DrainState[] = [];
  const running = new Set<Promise<void>>();
  /** The streams that were printed to since the last pass, by the first part of their names. */
  let touched = new Map<string, Set<LogStream>>();
  let unwatch: (() => void) | undefined;

  function touch(stream: LogStream): void {
    const first = stream.slice(0, stream.indexOf('/'));
    const streams = touched.get(first);
    if (streams) streams.add(stream);
    else touched.set(first, new Set([stream]));
  }

  /** Where nobody has a drain, a line that is printed costs nothing. */
  function watchWhere(isWanted: boolean): void {
    if (isWanted) unwatch ??= reading!.watch(touch);
    else {
      unwatch?.();
      unwatch = undefined;
    }
  }

  function fill(): void {
    while (running.size < PLACES && line.length > 0) {
      const state = line.shift()!;
      const turn: Promise<void> = takeTurn(ports, { reading: reading!, labels }, state, stopping.signal)
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) onError(state.id, error);
        })
        .finally(() => {
          state.busy = false;
          running.delete(turn);
          fill();
        });
      running.add(turn);
    }
  }

  function look(state: DrainState, active: boolean): void {
    for (const stream of state.later) state.dirty.add(stream);
    state.later.clear();
    if (!active) {
      // Resumed, it reads anew what it sends.
      state.drain = undefined;
      state.dirty.clear();
    } else if (!state.drain || state.change || state.dirty.size > 0 || state.item.data.untold > 0) {
      state.busy = true;
      line.push(state);
    }
  }

  return {
    async pass() {
      const items = await readAll<DrainDelivery>(ports.store, DRAIN_DELIVERIES);
      watchWhere(items.length > 0 && !stopping.signal.aborted);
      const printed = touched;
      touched = new Map();
      const keys = new Set(items.map(({ sk }) => sk));
      for (const [key, { busy }] of states) if (!keys.has(key) && !busy) states.delete(key);
      for (const item of items) {
        const state = states.get(item.sk) ?? beginState(item, ports.effects);
        states.set(item.sk, state);
        // While it has its turn its records are its own, and what is printed is for the next one.
        for (const first of [state.project, 'operations'])
          for (const stream of printed.get(first) ?? []) state.later.add(stream);
        if (state.busy) continue;
        state.item = item;
        look(state, item.data.active);
      }
      if (!stopping.signal.aborted) fill();
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
    async close() {
      stopping.abort();
      line.length = 0;
      watchWhere(false);
      await Promise.all(running);
      for (const state of states.values()) await saveState(ports, state).catch(() => undefined);
    },
  };
}
