import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../functions/core/canonical-json.ts';
import {
  type ChainHead,
  genesis,
  headOfName,
  nameOfHead,
  seal,
} from '../../../functions/core/events/audit-chain.ts';
import { type ChainReport, createChainVerifier } from '../../../functions/core/events/audit-verification.ts';
import type { BerthEvent } from '../../../functions/core/model/index.ts';

interface Stored {
  place: number;
  event: BerthEvent;
}

const PROJECT = 'demo';
const at = (number: number) => new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString();

function makeChain(length: number, project = PROJECT): { stored: Stored[]; heads: ChainHead[] } {
  let head = genesis(project);
  const heads: ChainHead[] = [];
  const stored = Array.from({ length }, (_, index) => {
    const data = { changes: { displayName: { before: `name ${index}`, after: `name ${index + 1}` } } };
    const next = seal(head, {
      at: at(index),
      project,
      actor: `user:${index % 3}`,
      type: 'project.changed',
      data,
    });
    head = next.head;
    heads.push(head);
    return { place: head.number, event: next.event };
  });
  return { stored, heads };
}

function verify(stored: readonly Stored[], anchors: readonly ChainHead[], project = PROJECT): ChainReport {
  const verifier = createChainVerifier(project, anchors);
  for (const { place, event } of stored) verifier.next(place, event);
  return verifier.end();
}

/** Seals again from a position on, as someone could who can write the whole store. */
function resealed(stored: readonly Stored[], from: number, project = PROJECT): Stored[] {
  let head = genesis(project);
  return stored.map(({ event }, position) => {
    if (position < from) {
      head = { number: Number(event.id), hash: event.hash, at: event.at };
      return { place: head.number, event };
    }
    const { id: _id, hash: _hash, ...content } = event;
    const next = seal(head, content);
    head = next.head;
    return { place: head.number, event: next.event };
  });
}

/** mulberry32: the same numbers in each run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The result of an edit may be no valid event at all. */
const edits: ((event: BerthEvent, value: string) => object)[] = [
  (event, value) => ({ ...event, actor: `user:${value}x` }),
  (event, value) => ({ ...event, type: `${event.type}.${value}` }),
  (event, value) => ({ ...event, at: at(100_000 + Number(value)) }),
  (event, value) => ({ ...event, data: { ...event.data, added: value } }),
  ({ data: _data, ...event }) => event,
  (event, value) => ({ ...event, from: { address: `192.0.2.${value}` } }),
  (event, value) => ({ ...event, environment: `e${value}` }),
  (event, value) => ({ ...event, id: `9${value}` }),
  (event, value) => ({ ...event, project: `other${value}` }),
  (event, value) => ({ ...event, hash: Buffer.alloc(32, Number(value) % 256).toString('base64url') }),
];

/** Ways to tamper with a chain; each changes it. */
function tamper(stored: readonly Stored[], random: (below: number) => number): Stored[] {
  const position = random(stored.length);
  const edit = (event: BerthEvent, kinds = edits.length) =>
    edits[random(kinds)]!(event, String(random(1000))) as BerthEvent;
  const one = stored[position]!;
  switch (random(7)) {
    case 0:
      return stored.with(position, { ...one, event: edit(one.event) });
    case 1:
      return stored.toSpliced(position, 1);
    case 2: {
      // Exchanged with another one, contents only or with all later hashes made anew.
      const other = (position + 1 + random(stored.length - 1)) % stored.length;
      const swapped = stored
        .with(position, { place: one.place, event: stored[other]!.event })
        .with(other, { place: stored[other]!.place, event: one.event });
      return random(2) === 0 ? swapped : resealed(swapped, Math.min(position, other));
    }
    case 3:
      return stored.slice(0, position);
    case 4: {
      const { id, hash } = one.event;
      const edited = { ...edit(one.event, 7), id, hash };
      return resealed(stored.with(position, { ...one, event: edited }), position);
    }
    case 5:
      return resealed(stored.toSpliced(position, 1), position);
    default:
      // A forged one put in between.
      return resealed(
        stored.toSpliced(position, 0, { ...one, event: { ...one.event, actor: 'forged' } }),
        position,
      );
  }
}

describe('An audit chain', () => {
  it('that nobody touched is intact, with or without anchors', () => {
    const { stored, heads } = makeChain(50);
    expect(verify(stored, heads)).toMatchObject({ intact: true, events: 50, unanchored: 0, faults: [] });
    expect(verify(stored, heads.slice(0, 30))).toMatchObject({ intact: true, unanchored: 20 });
    expect(verify([], [])).toEqual({ intact: true, events: 0, unanchored: 0, faults: [] });
  });

  it('gives each of 1,000 random tamperings away', () => {
    const { stored, heads } = makeChain(60);
    const random = randomNumbers(20261122);
    const missed: unknown[] = [];
    for (let round = 0; round < 1000; round++) {
      const tampered = tamper(stored, random);
      expect(tampered).not.toEqual(stored);
      if (verify(tampered, heads).intact) missed.push(tampered);
    }
    expect(missed).toEqual([]);
  });

  it('names what is wrong, and where', () => {
    const { stored, heads } = makeChain(10);
    const edited = stored.with(4, { place: 5, event: { ...stored[4]!.event, actor: 'other' } });
    expect(verify(edited, heads).faults).toMatchObject([{ kind: 'edited', number: 5 }]);
    expect(verify(stored.toSpliced(3, 2), heads).faults).toMatchObject([{ kind: 'missing', number: 6 }]);
    expect(verify(stored.slice(0, 6), heads).faults).toMatchObject([{ kind: 'truncated', number: 6 }]);
    expect(verify([], heads).faults).toMatchObject([{ kind: 'truncated', number: 0 }]);
    const rewritten = resealed(edited, 4);
    expect(verify(rewritten, [heads[2]!, heads[7]!]).faults).toMatchObject([
      { kind: 'rewritten', number: 8 },
    ]);
    expect(verify(stored, [heads[3]!, { ...heads[3]!, hash: 'x' }]).intact).toBe(false);
  });

  it('of another project is no substitute', () => {
    const { stored } = makeChain(3, 'other');
    expect(verify(stored, []).intact).toBe(false);
    const renamed = stored.map(({ place, event }) => ({ place, event: { ...event, project: PROJECT } }));
    expect(verify(renamed, []).intact).toBe(false);
  });

  it('tells a hundred faults at most', () => {
    const { stored } = makeChain(300);
    const broken = stored.map(({ place, event }) => ({ place, event: { ...event, actor: 'x' } }));
    expect(verify(broken, []).faults).toHaveLength(100);
  });

  it('has times that never run backwards', () => {
    const first = seal(genesis(PROJECT), {
      at: at(10),
      project: PROJECT,
      actor: 'a',
      type: 'project.created',
    });
    const second = seal(first.head, { at: at(5), project: PROJECT, actor: 'a', type: 'project.created' });
    expect(second.event.at).toBe(at(10));
  });
});

it('canonical JSON does not depend on the order of members, nor on members without a value', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'ü"\n' }], a: undefined, A: true })).toBe(
    '{"A":true,"b":[1,{"c":"ü\\"\\n","d":null}]}',
  );
  expect(canonicalJson({ x: 1, y: 2 })).toBe(canonicalJson({ y: 2, x: 1 }));
  expect(canonicalJson({ x: '1' })).not.toBe(canonicalJson({ x: 1 }));
});

it('a head survives being a name', () => {
  const head = makeChain(12).heads[11]!;
  expect(headOfName(`anchors/demo/${nameOfHead(head)}`)).toEqual(head);
  expect(nameOfHead(head)).toMatch(/^[\w~.-]+$/);
});
