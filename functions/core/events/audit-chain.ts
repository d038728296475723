/**
 * The audit trail of a project as a hash chain: each event is sealed with the hash of the one before it, so that no
 * event can be edited, left out or moved without making every later hash wrong. Whoever can write the whole store
 * could compute all hashes anew; the heads that are kept outside of it (ports/anchors.ts) give that away.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.ts';
import type { BerthEvent, UnsealedEvent } from '../model/index.ts';

/** The newest event of a chain, now or at an earlier time. */
export interface ChainHead {
  /** Number of the event; 0 before the first. */
  number: number;
  /** SHA-256, base64url. */
  hash: string;
  /** Time of the event, ISO 8601. */
  at: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/**
 * The head that an empty chain starts from. It differs between projects, so that one chain can not stand in for
 * another.
 */
export const genesis = (project: string): ChainHead => ({
  number: 0,
  hash: sha256(`berth audit chain of ${project}`),
  at: new Date(0).toISOString(),
});

/** The hash of an event that follows the event with the hash `previous`. */
export function hashOf(previous: string, event: UnsealedEvent & { id: string; hash?: string }): string {
  const { hash: _own, ...content } = event;
  return sha256(`${previous}\n${canonicalJson(content)}`);
}

/** Puts an event behind the head of its chain. Times do not run backwards in a chain, whatever the clock does. */
export function seal(head: ChainHead, event: UnsealedEvent): { event: BerthEvent; head: ChainHead } {
  const at = event.at < head.at ? head.at : event.at;
  const number = head.number + 1;
  const numbered = { ...event, id: String(number), at };
  const hash = hashOf(head.hash, numbered);
  return { event: { ...numbered, hash }, head: { number, hash, at } };
}

/** A head as a name that sorts by its number, for places that can hold nothing but a name. */
export const nameOfHead = ({ number, hash, at }: ChainHead): string =>
  [String(number).padStart(12, '0'), at.replaceAll(':', '.'), hash].join('~');

/** @param name with or without a path before it */
export function headOfName(name: string): ChainHead {
  const [number = '', at = '', hash = ''] = name.slice(name.lastIndexOf('/') + 1).split('~');
  const [date = '', time = ''] = at.split('T');
  return { number: Number(number), at: `${date}T${time.replace('.', ':').replace('.', ':')}`, hash };
}
