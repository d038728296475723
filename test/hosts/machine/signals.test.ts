import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { stopOnSignals } from '../../../functions/hosts/machine/signals.ts';

let time: number;
let exits: number[];
let said: string[];
let closed: PromiseWithResolvers<void>;
let signal: (name: NodeJS.Signals) => void;

beforeEach(() => {
  time = 1000;
  exits = [];
  said = [];
  closed = Promise.withResolvers();
  const host = Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) });
  const log = {
    info: (text: string) => void said.push(text),
    error: (text: string) => void said.push(text),
  };
  stopOnSignals(
    () => closed.promise,
    log,
    host,
    () => time,
  );
  signal = (name) => void host.emit(name, name);
});

describe('Stopping Berth', () => {
  it('is in order by one Ctrl-C, though npm passes it on and it comes twice', async () => {
    signal('SIGINT');
    time += 40;
    signal('SIGINT');
    expect(exits).toEqual([]);
    expect(said).toEqual([expect.stringContaining('SIGINT: stopping')]);
    closed.resolve();
    await turn();
    expect(exits).toEqual([0]);
  });

  it('does not wait any longer at a second Ctrl-C', () => {
    signal('SIGINT');
    time += 800;
    signal('SIGINT');
    expect(exits).toEqual([1]);
  });

  it('that fails says so, and ends all the same', async () => {
    signal('SIGTERM');
    closed.reject(new Error('no'));
    await turn();
    expect(exits).toEqual([1]);
    expect(said.at(-1)).toBe('Stopping failed');
  });
});
