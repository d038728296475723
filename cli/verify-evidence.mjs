#!/usr/bin/env node
// Checks packs of evidence that Berth has signed, offline. One file, Node's own modules alone, and nothing of Berth's: who
// does not trust Berth reads this. Usage:
//
//   node verify-evidence.mjs --key berth-evidence.pem [--anchors heads.txt] [--json events.ndjson] PACK...
//
// Give all packs of one period together, and the key as you fetched it yourself. ANCHORS are the heads that are kept outside
// of Berth's store: its file of anchors, or the names of the objects in the bucket, one a line. Exit code 0: nothing is wrong.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const FACTS = '<script type="application/x-ndjson" id="berth-evidence">\n';
const SIGNATURE = '</script>\n<script type="application/json" id="berth-signature">';
const END = '</script>\n</body>\n</html>\n';

const sha256 = (text) => createHash('sha256').update(text).digest('base64url');

/** Members in the order of their names, as in RFC 8785. */
function canonical(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/** The hash of an event over the hash of the one before it and its own content. */
function hashOf(previous, { hash: _own, ...content }) {
  return sha256(`${previous}\n${canonical(content)}`);
}

/** What an empty chain begins with. */
const genesis = (chain) => sha256(`berth audit chain of ${chain}`);

/**
 * Takes a pack apart, once its signature is found good.
 * @param {Buffer} bytes @param {import('node:crypto').KeyObject} key
 * @throws Error with what is wrong
 */
function open(bytes, key) {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) throw new Error('it is not UTF-8');
  const at = text.lastIndexOf(SIGNATURE);
  if (at < 0 || !text.endsWith(END)) throw new Error('it has no signature');
  const signed = text.slice(0, at + '</script>\n'.length);
  const tail = text.slice(at + SIGNATURE.length, -END.length);
  const { signature, key: named } = JSON.parse(tail);
  const own = key.export({ format: 'jwk' }).x;
  // The end is written in one way: what is anywhere in it beside these is not signed.
  if (tail !== JSON.stringify({ algorithm: 'Ed25519', key: named, signature }))
    throw new Error('its end is not as Berth writes it');
  if (named !== own) throw new Error(`it is signed with another key: ${named}`);
  const raw = Buffer.from(signature, 'base64url');
  if (raw.toString('base64url') !== signature || !verify(null, Buffer.from(signed), key, raw))
    throw new Error('its signature does not fit: something in it was changed, added or taken out');
  const begin = signed.indexOf(FACTS);
  if (begin < 0) throw new Error('it has no facts');
  const lines = signed
    .slice(begin + FACTS.length, -'</script>\n'.length)
    .trimEnd()
    .split('\n');
  const [header, ...facts] = lines.map((line) => JSON.parse(line));
  if (header?.kind !== 'evidence' || header.format !== 1)
    throw new Error('it is of a form that this program does not know: take the program of a newer Berth');
  const of = (kind) => facts.filter((fact) => fact.kind === kind);
  return {
    header,
    before: of('before')[0],
    access: of('access'),
    events: of('event'),
    after: of('after')[0],
  };
}

/** Events that give access, and end it; with the name under which a line of access has whom it is about. */
const idOf = {
  'member.added': ({ principal }) => ['member', principal],
  'member.changed': ({ principal }) => ['member', principal],
  'token.created': ({ token, kind }) => (kind === 'exchanged' ? undefined : ['token', token]),
  'trust.created': ({ id }) => ['pipeline', id],
};
const endedBy = {
  'member.changed': ({ principal }) => ['member', principal],
  'member.removed': ({ principal }) => ['member', principal],
  'token.revoked': ({ token }) => ['token', token],
  'trust.deleted': ({ id }) => ['pipeline', id],
};

/** Events that end more than one: @returns whether they end that of a line */
const endsAll = {
  'access.ended': ({ principal }, { person }) => person === principal,
  'project.deleted': () => true,
};

/** The lines of access have to be what the events of the period say, as far as these say it. */
function checkAccess(packs, fault) {
  const [{ header, access }] = packs;
  if (header.access !== access.length)
    fault(`There are ${access.length} lines of access, and ${header.access ?? 'none'} were written.`);
  if (header.accessLeftOut > 0) return;
  const since = new Map(access.map((line) => [line.since.event, line]));
  const last = packs.at(-1).header.last;
  const given = new Map();
  for (const { event } of packs.flatMap(({ events }) => events)) {
    const number = Number(event.id);
    const who = idOf[event.type]?.(event.data);
    const line = since.get(number);
    if (who && (line?.as !== who[0] || line.id !== who[1] || line.role !== event.data.role))
      fault(`Event ${number} gives access to ${who[1]}, and the list of access does not have it so.`);
    if (who || event.type === 'project.created') given.set(number, event);
    for (const one of access)
      if (
        one.since.event < number &&
        endsAll[event.type]?.(event.data ?? {}, one) &&
        !(one.until && one.until.at <= event.at)
      )
        fault(`Event ${number} ends the access of ${one.id}, and the list of access has it go on.`);
    const [as, id] = endedBy[event.type]?.(event.data) ?? [];
    if (as === undefined) continue;
    const before = access.filter((one) => one.as === as && one.id === id && one.since.event < number);
    if (before.some(({ until }) => !(until && until.at <= event.at)))
      fault(`Event ${number} ends the access of ${id}, and the list of access has it go on.`);
    // A token may have expired before, or be one that a pipeline got by a trust rule.
    if (as !== 'token' && !before.some(({ until }) => until?.event === number))
      fault(`Event ${number} ends the access of ${id}, and the list of access does not have it.`);
  }
  for (const { id, since: from } of access)
    if (from.event >= header.first && from.event <= last && !given.has(from.event))
      fault(`The list of access has ${id} from event ${from.event}, which gives no access.`);
}

/**
 * @param {Buffer[]} files all packs of one period, in any order
 * @param {{ key: string, anchors?: { number: number, hash: string }[] }} known the key as PEM
 * @returns {{ faults: string[], notes: string[], events: object[], headers: object[] }} `faults` is empty where nothing is
 * wrong; `notes` is what the packs can not show
 */
export function verifyEvidence(files, { key: pem, anchors = [] }) {
  const key = createPublicKey(pem);
  const faults = [];
  const packs = [];
  for (const [index, bytes] of files.entries()) {
    try {
      packs.push(open(bytes, key));
    } catch (error) {
      faults.push(`File ${index + 1}: ${error.message}.`);
    }
  }
  if (packs.length === 0 || faults.length > 0) return { faults, notes: [], events: [], headers: [] };
  const fault = (text) => faults.length < 100 && faults.push(text);
  packs.sort((a, b) => a.header.first - b.header.first);
  const { chain, from, to } = packs[0].header;
  const expected = new Map(anchors.map(({ number, hash }) => [number, hash]));

  let head;
  for (const { header, before, events, after } of packs) {
    if (header.chain !== chain || header.from !== from || header.to !== to)
      fault(
        `A pack is of ${header.chain}, ${header.from} to ${header.to}: not of the same period as the first.`,
      );
    if (header.last !== header.first + events.length - 1)
      fault(
        `A pack has ${events.length} events, and says that it has those from ${header.first} to ${header.last}.`,
      );
    // What is before the first event is shown whole, so that its time can be believed.
    if (before) {
      if (hashOf(before.previous, before.event) !== before.event.hash || before.event.project !== chain)
        fault(`Event ${before.event.id}, before the first, is not as it was sealed.`);
      if (Number(before.event.id) !== header.first - 1) fault(`Event ${header.first - 1} is not shown.`);
    } else if (header.first !== 1)
      fault(`Events before ${header.first} are not shown to be outside of the period.`);
    if (head === undefined) {
      if (before && before.event.at >= from)
        fault(`Event ${before.event.id} belongs to the period, and is missing: give all packs of it.`);
    } else if (header.first !== head.number + 1 || before?.event.hash !== head.hash)
      fault(`Events ${head.number + 1} to ${header.first - 1} are missing: give all packs of the period.`);
    head = {
      number: header.first - 1,
      hash: before?.event.hash ?? genesis(chain),
      at: before?.event.at ?? '',
    };
    for (const { event } of [...events, ...(after ? [after] : [])]) {
      const number = head.number + 1;
      if (event.id !== String(number)) fault(`Event ${number} is missing: ${event.id} stands in its place.`);
      if (event.project !== chain) fault(`Event ${event.id} is of another project.`);
      if (hashOf(head.hash, event) !== event.hash) fault(`Event ${event.id} is not as it was sealed.`);
      if (event.at < head.at) fault(`Event ${event.id} is older than the one before it.`);
      const isAfter = event === after?.event;
      if (isAfter ? event.at < to : event.at < from || event.at >= to)
        fault(`Event ${event.id}, of ${event.at}, is on the wrong side of the period's ends.`);
      head = { number, hash: event.hash, at: event.at };
      const kept = expected.get(number);
      if (kept !== undefined && kept !== event.hash)
        fault(`The head that was kept of event ${number} outside of Berth's store is another one.`);
    }
    if (after) head = { ...head, number: header.last };
    if (header.anchor && header.anchor.number > header.last)
      fault(`The head of event ${header.anchor.number} was kept, and the pack ends before it.`);
    const named = events.find(({ event }) => Number(event.id) === header.anchor?.number);
    if (named && named.event.hash !== header.anchor.hash)
      fault(`The head that the pack names of event ${header.anchor.number} is not its hash.`);
  }
  const newest = packs.at(-1);
  if (newest.header.goesOn)
    fault(`The period goes on behind event ${newest.header.last}: give all packs of it.`);
  if (!newest.header.goesOn && !newest.after) {
    const later = anchors.filter(({ number, at }) => number > newest.header.last && at < to);
    if (later.length > 0) fault(`Events up to ${later.at(-1).number} were there before the period ended.`);
  }
  checkAccess(packs, fault);
  const notes = [];
  if (
    !newest.header.goesOn &&
    !newest.after &&
    !anchors.some(({ number, at }) => number === newest.header.last + 1 && at >= to)
  )
    notes.push(
      `The end is not shown: the chain had no event after ${to} when this was made, so that the last events of the period could be missing. Take the evidence again when there is a later event.`,
    );
  return {
    faults,
    notes,
    events: packs.flatMap(({ events }) => events.map(({ event }) => event)),
    headers: packs.map(({ header }) => header),
  };
}

/** A line of a file of anchors, or the name of an object: `000000000042~2026-11-21T10.15.00.000Z~hash`. */
function anchorOf(line) {
  if (line.startsWith('{')) return JSON.parse(line);
  const [number, at, hash] = line
    .trim()
    .slice(line.trim().lastIndexOf('/') + 1)
    .split('~');
  const [date, time] = at.split('T');
  return { number: Number(number), hash, at: `${date}T${time.replace('.', ':').replace('.', ':')}` };
}

function main(args) {
  const options = {};
  const paths = [];
  while (args.length > 0) {
    const [one] = args.splice(0, 1);
    if (/^--(?:key|anchors|json)$/.test(one)) [options[one.slice(2)]] = args.splice(0, 1);
    else paths.push(one);
  }
  if (options.key === undefined || paths.length === 0) {
    console.error(
      'Usage: node verify-evidence.mjs --key berth-evidence.pem [--anchors heads.txt] [--json events.ndjson] PACK...',
    );
    return 2;
  }
  const lines = options.anchors ? readFileSync(options.anchors, 'utf8').split('\n').filter(Boolean) : [];
  const { faults, notes, events, headers } = verifyEvidence(
    paths.map((path) => readFileSync(path)),
    { key: readFileSync(options.key, 'utf8'), anchors: lines.map(anchorOf) },
  );
  for (const fault of faults) console.log(`WRONG  ${fault}`);
  if (faults.length > 0) return 1;
  const [{ chain, from, to, anchor }] = headers;
  console.log(`Whole: ${events.length} events of ${chain}, ${from} to ${to}, in ${headers.length} pack(s).`);
  for (const note of notes) console.log(note);
  if (lines.length === 0)
    console.log(
      `Not compared with heads kept outside of Berth's store (--anchors); the pack names ${anchor ? `event ${anchor.number}: ${anchor.hash}` : 'none'}.`,
    );
  if (options.json) writeFileSync(options.json, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href)
  process.exit(main(process.argv.slice(2)));
