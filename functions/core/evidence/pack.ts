/**
 * A pack of evidence: one file that is a page for people, and has the same as JSON, a line a fact, for programs. All that
 * stands before the signature is signed. `cli/verify-evidence.mjs` reads packs by itself: what changes here changes there.
 */
import type { ChainHead } from '../events/audit-chain.ts';
import type { BerthEvent } from '../model/index.ts';
import type { AccessSpan } from './access-spans.ts';
import { criteria, criteriaOf } from './criteria.ts';
import { evidencePage } from './pack-page.ts';
import type { SigningKey } from './signing-key.ts';

/** Grows when the form of a pack does. */
export const PACK_FORMAT = 1;

export interface EvidenceContent {
  /** Name of the chain: a project's, or `-` for the installation. */
  chain: string;
  /** ISO 8601; `to` is not part of the period. */
  from: string;
  to: string;
  madeAt: string;
  madeBy: string;
  /** The last event before these, and the hash of the one before it; absent where these begin the chain. */
  before?: { previous: string; event: BerthEvent };
  events: readonly BerthEvent[];
  /** The first event after the period, which shows that none is missing at its end; absent where there is none yet. */
  after?: BerthEvent;
  /** The period goes on in another pack, behind these events. */
  goesOn: boolean;
  /** Who had access in the period; in the first pack of a period alone. */
  access?: readonly AccessSpan[];
  /** How many of those are left out. */
  accessLeftOut: number;
  /** The newest head that is kept outside of the store and covers some of these, or what is before them. */
  anchor?: ChainHead;
}

export interface PackHeader extends Omit<EvidenceContent, 'before' | 'events' | 'after' | 'access'> {
  kind: 'evidence';
  format: typeof PACK_FORMAT;
  /** Numbers of the events; `last` is one less than `first` where there is none. */
  first: number;
  last: number;
  /** How many lines with access there are; absent where this is not the first pack. */
  access?: number;
  criteria: typeof criteria;
}

/** JSON that can stand in a page: nothing in it ends the element that it stands in. */
const line = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

function headerOf({ before, events, after: _, access, ...rest }: EvidenceContent): PackHeader {
  const first = before ? Number(before.event.id) + 1 : 1;
  return {
    kind: 'evidence',
    format: PACK_FORMAT,
    ...rest,
    first,
    last: first + events.length - 1,
    ...(access && { access: access.length }),
    criteria,
  };
}

const SIGNATURE_TAG = '<script type="application/json" id="berth-signature">';

/** @returns the parts of the file in turn, the signature last */
export function renderPack(content: EvidenceContent, key: SigningKey): string {
  const header = headerOf(content);
  const facts = [
    header,
    ...(content.before ? [{ kind: 'before', ...content.before }] : []),
    ...(content.access ?? []).map((span) => ({ kind: 'access', ...span })),
    ...content.events.map((event) => ({ kind: 'event', criteria: criteriaOf(event), event })),
    ...(content.after ? [{ kind: 'after', event: content.after }] : []),
  ];
  const signed = [
    ...evidencePage(header, content, key),
    '<script type="application/x-ndjson" id="berth-evidence">',
    ...facts.map(line),
    '</script>',
    '',
  ].join('\n');
  const signature = { algorithm: 'Ed25519', key: key.publicKey, signature: key.sign(Buffer.from(signed)) };
  return `${signed}${SIGNATURE_TAG}${JSON.stringify(signature)}</script>\n</body>\n</html>\n`;
}
