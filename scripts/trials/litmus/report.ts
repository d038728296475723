/** The report of the litmus test: as text, and as a page. */
import { escapeHtml } from '../../../functions/core/html.ts';

export interface Finding {
  point: string;
  /** What is asked of a platform. */
  asks: string;
  passed: boolean;
  /** The figure that it was judged by. */
  figure: string;
  /** What was done and seen, in turn; the last line says what was wrong. */
  evidence: string[];
}

export interface Report {
  berth: string;
  project: string;
  at: string;
  passed: number;
  findings: Finding[];
}

export const asText = ({ berth, at, passed, findings }: Report): string =>
  [
    `Litmus test of ${berth}, ${at}`,
    '',
    ...findings.flatMap(({ point, asks, passed: good, figure, evidence }) => [
      `${good ? 'PASS' : 'FAIL'}  ${point}: ${asks}`,
      `      ${figure}`,
      ...evidence.map((line) => `      - ${line}`),
    ]),
    '',
    `${passed} of ${findings.length} points.`,
  ].join('\n');

export const asPage = ({ berth, at, passed, findings }: Report): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Litmus test of Berth</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 50rem; margin: 2rem auto; padding: 0 1.25rem; }
</style>
</head>
<body>
<h1>Litmus test: ${passed} of ${findings.length} points</h1>
<p>${escapeHtml(berth)}, ${escapeHtml(at)}</p>
${findings
  .map(
    ({ point, asks, passed: good, figure, evidence }) => `<section>
<h2>${good ? '✓' : '✗ failed:'} ${escapeHtml(point)}</h2>
<p>${escapeHtml(asks)}</p>
<p><strong>${escapeHtml(figure)}</strong></p>
<ul>
${evidence.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}
</ul>
</section>`,
  )
  .join('\n')}
</body>
</html>
`;
