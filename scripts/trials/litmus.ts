/**
 * The litmus test of a platform, on a running Berth: `npm run litmus`, which starts one of its own, or
 * `npm run litmus -- --url http://localhost:4600 --token TOKEN`, with the token of who runs it. Seven points, each tried on a
 * fresh project; `--out FOLDER` writes litmus.json and litmus.html too. Exit code 0: all passed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBerth } from '../../test/support/berth.ts';
import { openBench } from './litmus/bench.ts';
import { points } from './litmus/points.ts';
import { asPage, asText, type Finding, type Report } from './litmus/report.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    token: { type: 'string' },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const own = values.url === undefined ? await startBerth() : undefined;
const url = own?.url ?? String(values.url);
const token = own?.token ?? values.token ?? process.env.BERTH_TOKEN ?? '';

const findings: Finding[] = [];
try {
  const bench = await openBench(url, token);
  for (const { name: point, asks, try: attempt } of points) {
    console.error(`${point} ...`);
    const evidence: string[] = [];
    const found = await attempt(bench, (line) => evidence.push(line)).then(
      (figure) => ({ passed: true, figure }),
      (error: unknown) => {
        evidence.push(error instanceof Error ? error.message : String(error));
        return { passed: false, figure: 'not shown' };
      },
    );
    findings.push({ point, asks, ...found, evidence });
  }
  const report: Report = {
    ...{ berth: url, project: bench.project, at: new Date().toISOString() },
    passed: findings.filter(({ passed }) => passed).length,
    findings,
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  console.log(values.json ? json.trimEnd() : asText(report));
  if (values.out !== undefined) {
    mkdirSync(values.out, { recursive: true });
    writeFileSync(join(values.out, 'litmus.json'), json);
    writeFileSync(join(values.out, 'litmus.html'), asPage(report));
  }
} finally {
  await own?.close();
}
process.exit(findings.length > 0 && findings.every(({ passed }) => passed) ? 0 : 1);
