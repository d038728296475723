import { describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../../cli/verify-evidence.mjs';
import { type ChainHead, genesis, seal } from '../../../functions/core/events/audit-chain.ts';
import { type AccessSpan, createAccessLedger } from '../../../functions/core/evidence/access-spans.ts';
import { type EvidenceContent, renderPack } from '../../../functions/core/evidence/pack.ts';
import { signingKeyOf } from '../../../functions/core/evidence/signing-key.ts';
import type { BerthEvent, UnsealedEvent } from '../../../functions/core/model/index.ts';

const key = signingKeyOf(Buffer.alloc(32, 7).toString('base64url'));
const others = signingKeyOf(Buffer.alloc(32, 8).toString('base64url'));
const day = (number: number) => new Date(Date.UTC(2026, 0, 1) + number * 86_400_000).toISOString();

const told = [
  { type: 'project.created' },
  { type: 'member.added', data: { principal: 'user:bob', role: 'developer' } },
  {
    type: 'token.created',
    data: { token: 'T1', name: 'ci', kind: 'project', role: 'developer', expiresAt: day(40) },
  },
  { type: 'deployment.created', data: { number: 1, kind: 'deploy', version: 'abc' } },
  { type: 'deployment.approved', data: { number: 1, version: 'abc', requestedBy: 'user:bob' } },
  { type: 'deployment.succeeded', data: { number: 1, kind: 'deploy' } },
  {
    type: 'member.changed',
    data: { principal: 'user:bob', role: 'maintainer', before: { role: 'developer' } },
  },
  { type: 'secret.rotated', data: { name: '<script>', version: '2', previous: '1' } },
  { type: 'backup.checked', data: { uid: 'db', backup: 'B', bytes: 10, tables: 2, rows: 3 } },
  { type: 'token.revoked', data: { token: 'T1' } },
  { type: 'member.removed', data: { principal: 'user:bob', before: { role: 'maintainer' } } },
  { type: 'policy.changed', data: { policy: 'signed', changes: {} } },
];

/** A chain of 24 events, one a day. */
function makeChain(): { events: BerthEvent[]; heads: ChainHead[] } {
  let head = genesis('demo');
  const heads: ChainHead[] = [];
  const events = Array.from({ length: 24 }, (_, index) => {
    const one = told[index < 12 ? index : 3 + (index % 3)]!;
    const fields = { project: 'demo', service: 'web', environment: 'dev', actor: 'user:ada', at: day(index) };
    const next = seal(head, { ...fields, ...one } as UnsealedEvent);
    head = next.head;
    heads.push(head);
    return next.event;
  });
  return { events, heads };
}
const { events, heads } = makeChain();

function spansOf(from: string, to: string): AccessSpan[] {
  const ledger = createAccessLedger(from);
  for (const event of events) if (event.at < to) ledger.next(event);
  return ledger.within(from, to);
}

/** The pack of the events from one day to another. */
function contentOf(first: number, end: number, more: Partial<EvidenceContent> = {}): EvidenceContent {
  const [from, to] = [day(first), day(end)];
  return {
    ...{ chain: 'demo', from, to, madeAt: day(40), madeBy: 'user:ada', goesOn: false },
    before: { previous: (heads[first - 2] ?? genesis('demo')).hash, event: events[first - 1]! },
    events: events.slice(first, end),
    after: events[end]!,
    access: spansOf(from, to),
    accessLeftOut: 0,
    ...more,
  };
}
const content = contentOf(2, 20);
const check = (...packs: string[]) =>
  verifyEvidence(
    packs.map((text) => Buffer.from(text)),
    { key: key.publicPem },
  ).faults;

describe('A pack', () => {
  it('is found whole, read back as JSON, and is a page without a script that runs', () => {
    const text = renderPack(content, key);
    const found = verifyEvidence([Buffer.from(text)], { key: key.publicPem, anchors: heads });
    expect(found.faults).toEqual([]);
    expect(found.events).toEqual(content.events);
    expect(text.match(/<script/g)).toHaveLength(2);
    expect(text).toContain('&lt;script&gt; of dev rotated');
    for (const criterion of ['CC6.3', 'CC7.2', 'CC8.1', 'A1.3']) expect(text).toContain(`id="${criterion}"`);
  });

  it('without events shows those before and after the period', () => {
    const between = {
      from: `${day(4).slice(0, 11)}01:00:00.000Z`,
      to: `${day(4).slice(0, 11)}02:00:00.000Z`,
    };
    const empty = contentOf(5, 5, { ...between, access: [] });
    expect(check(renderPack(empty, key))).toEqual([]);
    expect(check(renderPack({ ...empty, to: day(6) }, key))).not.toEqual([]);
  });

  it('goes on in others, of which none may be missing', () => {
    const { access: _, after: _after, ...rest } = content;
    const first = renderPack(
      { ...rest, access: content.access!, events: events.slice(2, 12), goesOn: true },
      key,
    );
    const before = { previous: heads[10]!.hash, event: events[11]! };
    const second = renderPack({ ...rest, before, events: events.slice(12, 20), after: events[20]! }, key);
    expect(check(second, first)).toEqual([]);
    expect(check(first)).toEqual([expect.stringContaining('goes on behind event 12')]);
    expect(check(second)).toContainEqual(expect.stringContaining('give all packs'));
    expect(check(first, renderPack(contentOf(2, 19), key))).not.toEqual([]);
  });

  it('of events that were cut off is given away by a head that was kept', () => {
    const { after: _, ...cut } = { ...content, events: events.slice(2, 15) };
    const of = (anchors: ChainHead[]) =>
      verifyEvidence([Buffer.from(renderPack(cut, key))], { key: key.publicPem, anchors }).faults;
    expect(of(heads.slice(0, 15))).toEqual([]);
    const notesOf = (pack: EvidenceContent, anchors?: ChainHead[]) =>
      verifyEvidence([Buffer.from(renderPack(pack, key))], {
        key: key.publicPem,
        ...(anchors && { anchors }),
      }).notes;
    expect(notesOf(cut)).toEqual([expect.stringContaining('The end is not shown')]);
    expect(notesOf(content)).toEqual([]);
    const { after: _later, ...open } = content;
    expect(notesOf(open, heads)).toEqual([]);
    expect(of(heads)).toEqual([expect.stringContaining('Events up to 20 were there')]);
  });
});

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

type Random = (below: number) => number;

/** Someone changed the file. */
const ofFile: ((text: string, random: Random) => string)[] = [
  (text, random) => {
    const at = random(text.length);
    const other = text[at] === 'x' ? 'y' : 'x';
    return text.slice(0, at) + other + text.slice(at + 1);
  },
  (text, random) =>
    text
      .split('\n')
      .toSpliced(random(text.split('\n').length - 1), 1)
      .join('\n'),
  (text, random) => {
    const lines = text.split('\n');
    const at = random(lines.length - 1);
    return lines.toSpliced(at, 0, lines[at]!).join('\n');
  },
  (text, random) => text.slice(0, random(text.length)),
  (text) => `${text} `,
  (text) => text.replace('"algorithm"', ' "algorithm"'),
];

const without = (number: number): BerthEvent[] => content.events.toSpliced(number, 1);

/** Someone can sign: what is made with the key of Berth is still held by the chain. */
const ofContent: ((random: Random) => EvidenceContent)[] = [
  (random) => ({ ...content, events: without(random(content.events.length)) }),
  (random) => ({ ...content, events: content.events.slice(0, random(content.events.length)) }),
  (random) => ({ ...content, events: content.events.slice(1 + random(content.events.length - 1)) }),
  (random) => {
    const at = random(content.events.length);
    const edited = { ...content.events[at]!, actor: `user:${random(1000)}` };
    return { ...content, events: content.events.with(at, edited) };
  },
  (random) => {
    const at = random(content.events.length - 1);
    const [one, two] = [content.events[at]!, content.events[at + 1]!];
    return { ...content, events: content.events.with(at, two).with(at + 1, one) };
  },
  (random) => ({ ...content, from: day(3 + random(15)) }),
  (random) => ({ ...content, to: day(21 + random(20)) }),
  (random) => {
    const start = 3 + random(15);
    return { ...contentOf(start, 20), from: content.from, access: content.access! };
  },
  // Whoever had access before the period, and has it still, is told of by the signature alone: the first one here.
  (random) => ({ ...content, access: content.access!.toSpliced(1 + random(content.access!.length - 1), 1) }),
  (random) => ({
    ...content,
    access: content.access!.map((span) => ({ ...span, id: `user:${random(99)}` })),
  }),
  () => ({ ...content, access: content.access!.map(({ until: _, ...span }) => span) }),
  () => ({ ...content, chain: 'other' }),
];

it('gives each of 1,000 tamperings and omissions away', () => {
  const random = randomNumbers(20261128);
  const text = renderPack(content, key);
  const missed: string[] = [];
  for (let round = 0; round < 1000; round++) {
    const kind = random(ofFile.length + ofContent.length + 1);
    const tampered =
      kind < ofFile.length
        ? ofFile[kind]!(text, random)
        : renderPack(
            ofContent[kind - ofFile.length]?.(random) ?? content,
            kind === ofFile.length + ofContent.length ? others : key,
          );
    expect(tampered).not.toBe(text);
    if (check(tampered).length === 0) missed.push(`${round}: ${kind}`);
  }
  expect(missed).toEqual([]);
});

it.each([
  ['access.ended', { principal: 'user:bob' }, ['T1']],
  ['project.deleted', {}, ['user:ada', 'T1', 'user:eve']],
])('%s ends the access of each whom it is about, in the pack too', (type, data, ended) => {
  let head = genesis('demo');
  const chain = [
    { type: 'project.created' },
    {
      type: 'token.created',
      data: { token: 'T1', name: 'a', kind: 'personal', role: 'developer' },
      by: 'bob',
    },
    { type: 'member.added', data: { principal: 'user:eve', role: 'viewer' } },
    { type, data },
  ].map(({ by = 'ada', ...one }, index) => {
    const fields = { project: 'demo', actor: `user:${by}`, at: day(index) };
    const next = seal(head, { ...fields, ...one } as UnsealedEvent);
    head = next.head;
    return next.event;
  });
  const ledger = createAccessLedger(day(0));
  for (const event of chain) ledger.next(event);
  const access = ledger.within(day(0), day(9));
  const whole = {
    ...{ chain: 'demo', from: day(0), to: day(9), madeAt: day(9), madeBy: 'user:ada', goesOn: false },
    ...{ events: chain, access, accessLeftOut: 0 },
  };
  expect(check(renderPack(whole, key))).toEqual([]);
  for (const id of ended) {
    const forged = access.map(({ until, ...span }) =>
      span.id === id ? span : { ...span, ...(until && { until }) },
    );
    expect(check(renderPack({ ...whole, access: forged }, key))).toEqual([
      expect.stringContaining(`ends the access of ${id}`),
    ]);
  }
});

describe('Access', () => {
  it('is told with its ends: who, from when, until when, by whom', () => {
    const brief = spansOf(day(0), day(24)).map(({ id, role, since, until }) => [
      id,
      role,
      since.event,
      until && 'event' in until ? until.event : until?.at,
    ]);
    expect(brief).toEqual([
      ['user:ada', 'administrator', 1, undefined],
      ['user:bob', 'developer', 2, 7],
      ['T1', 'developer', 3, 10],
      ['user:bob', 'maintainer', 7, 11],
    ]);
    expect(spansOf(day(14), day(20)).map(({ id }) => id)).toEqual(['user:ada']);
  });
});
