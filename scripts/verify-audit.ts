/**
 * Checks an exported audit trail without Berth: `npm run verify-audit -- PROJECT EXPORT.ndjson ANCHORS`. ANCHORS is
 * the project's file of anchors, or a list of the names of its objects in the bucket, one a line.
 */
import { readFileSync } from 'node:fs';
import { type ChainHead, headOfName } from '../functions/core/events/audit-chain.ts';
import { createChainVerifier } from '../functions/core/events/audit-verification.ts';
import type { BerthEvent } from '../functions/core/model/index.ts';

const [project, events, anchors] = process.argv.slice(2);
if (project === undefined || events === undefined || anchors === undefined) {
  console.error('Usage: npm run verify-audit -- PROJECT EXPORT.ndjson ANCHORS');
  process.exit(2);
}
const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);
const heads = linesOf(anchors).map((line) =>
  line.startsWith('{') ? (JSON.parse(line) as ChainHead) : headOfName(line.trim()),
);
const verifier = createChainVerifier(project, heads);
for (const line of linesOf(events)) {
  const event = JSON.parse(line) as BerthEvent;
  verifier.next(Number(event.id), event);
}
const report = verifier.end();
console.log(JSON.stringify(report, null, 2));
process.exit(report.intact ? 0 : 1);
