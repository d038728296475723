/** The part of a pack of evidence that people read: a page that needs no script and loads nothing. */
import { eventSentence } from '../events/formats/event-sentence.ts';
import { escapeHtml } from '../html.ts';
import { type BerthEvent, PLATFORM } from '../model/index.ts';
import type { AccessSpan } from './access-spans.ts';
import { type Criterion, criteria, criteriaOf } from './criteria.ts';
import type { EvidenceContent, PackHeader } from './pack.ts';
import type { SigningKey } from './signing-key.ts';

const STYLE = `
:root { color-scheme: light dark; font: 0.9rem/1.45 system-ui, sans-serif; }
body { max-width: 80rem; margin: 2rem auto; padding: 0 1.25rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { text-align: start; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #8884; }
td { overflow-wrap: anywhere; }
code { font-size: .85em; overflow-wrap: anywhere; }
dt { font-weight: 600; }
@media print { body { max-width: none; margin: 0; } tr { break-inside: avoid; } }
`;

/** How much of a text is shown; the JSON has all of it. */
const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
  return escapeHtml(text.length > 300 ? `${text.slice(0, 300)}…` : text);
};

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;

const table = (heads: readonly string[], rows: readonly string[]): string[] => [
  '<table>',
  `<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>`,
  '<tbody>',
  ...rows,
  '</tbody>',
  '</table>',
];

const whoOf = ({ actor, onBehalfOf }: BerthEvent): string =>
  onBehalfOf === undefined ? actor : `${actor}, for ${onBehalfOf}`;

/** A few members of its data that auditors look for; the JSON has all. */
function detailOf(event: BerthEvent): unknown {
  const { changes, ...rest } = (event.data ?? {}) as Record<string, unknown>;
  return changes ?? (Object.keys(rest).length === 0 ? '' : rest);
}

const eventRow = (event: BerthEvent): string =>
  row([
    event.id,
    shown(event.at),
    shown(whoOf(event)),
    `${shown(eventSentence(event.type, event.data ?? {}, { ...event }))}<br><code>${shown(event.type)}</code>`,
    `<code>${shown(detailOf(event))}</code>`,
    criteriaOf(event).join(', '),
  ]);

const accessRow = (span: AccessSpan): string =>
  row([
    shown(span.as),
    shown(span.name === undefined ? span.id : `${span.name} (${span.id})`),
    `${shown(span.role)}${span.environments === undefined ? '' : ` <code>${shown(span.environments)}</code>`}`,
    shown(span.person ?? ''),
    `${shown(span.since.at)} by ${shown(span.since.by)} (${span.since.event})`,
    span.until === undefined
      ? 'goes on'
      : `${shown(span.until.at)}${'by' in span.until ? ` by ${shown(span.until.by)} (${span.until.event})` : ', expired'}`,
  ]);

function accessSection({ access, accessLeftOut }: EvidenceContent): string[] {
  if (!access) return ['<p>Who had access is in the first pack of the period.</p>'];
  return [
    '<h2>Who had access in the period</h2>',
    '<p>Members, groups, tokens and trusted pipelines, since the first event of the trail. In brackets: the number of the event. ' +
      'Those who run the installation may do all in every project. Who is in a group is known to the identity provider.</p>',
    ...(accessLeftOut > 0
      ? [`<p><strong>${accessLeftOut} more are left out: ask for a shorter period.</strong></p>`]
      : []),
    ...table(['what', 'who', 'role', 'person', 'since', 'until'], access.map(accessRow)),
  ];
}

function criterionSections(events: readonly BerthEvent[]): string[] {
  const under = Map.groupBy(events, (event) => criteriaOf(event)[0]);
  return (Object.keys(criteria) as Criterion[]).flatMap((criterion) => {
    const some = under.get(criterion) ?? [];
    const also = events.filter((event) => criteriaOf(event).slice(1).includes(criterion)).length;
    const elsewhere =
      also === 0 ? '' : ` ${also} more stand under another criterion, and are evidence for this one too.`;
    return [
      `<h2 id="${criterion}">${criterion}: ${escapeHtml(criteria[criterion])}</h2>`,
      `<p>Events: ${some.length}.${elsewhere}</p>`,
      ...(some.length === 0
        ? []
        : table(['number', 'when', 'who', 'what', 'details', 'criteria'], some.map(eventRow))),
    ];
  });
}

/** @returns its lines, without the end of the page, behind which the JSON and the signature come */
export function evidencePage(header: PackHeader, content: EvidenceContent, key: SigningKey): string[] {
  const { chain, from, to, madeAt, madeBy, first, last, goesOn, anchor } = header;
  const of = chain === PLATFORM ? 'the installation' : `project ${chain}`;
  const title = `Evidence of ${of}, ${from} to ${to}`;
  const numbers = last < first ? 'none' : `${first} to ${last}`;
  const covered = anchor ? `event ${anchor.number}, of ${anchor.at}: ${anchor.hash}` : 'none yet';
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1>${escapeHtml(title)}</h1>`,
    '<dl>',
    `<dt>Made</dt><dd>${escapeHtml(madeAt)} for ${escapeHtml(madeBy)}</dd>`,
    `<dt>Events of the audit trail</dt><dd>${numbers}${goesOn ? '; the period goes on in the next pack' : ''}</dd>`,
    `<dt>Newest head that is kept outside of the store</dt><dd><code>${escapeHtml(covered)}</code></dd>`,
    `<dt>Public key (Ed25519)</dt><dd><code>${escapeHtml(key.publicKey)}</code></dd>`,
    '</dl>',
    '<p>This file is signed. Check it offline, with a key that came to you another way than this file: ' +
      '<code>node verify-evidence.mjs --key berth-evidence.pem FILE...</code></p>',
    ...accessSection(content),
    ...criterionSections(content.events),
  ];
}
