/**
 * Shows a canary on the demo of a Berth that runs: a version of the guestbook that goes bad has a share of the requests, and
 * comes back by itself. `npm run demo:canary`, with BERTH_URL and BERTH_DATA_DIR where they are not the usual ones.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../../functions/hosts/machine/demo/demo-client.ts';
import { packDirectory } from '../../functions/hosts/machine/demo/demo-source.ts';

const url = process.env.BERTH_URL ?? `http://localhost:${process.env.BERTH_PORT ?? 4600}`;
const directory = process.env.BERTH_DATA_DIR ?? '.berth';
const SERVICE = '/v1/projects/demo/environments/dev/services/guestbook';
const LOOK_MS = 1_000;

const ANNOTATIONS = `
    berth.dev/strategy: canary
    berth.dev/steps: 10% 10s, 50% 10s
    berth.dev/max-error-rate: 2%
    berth.dev/min-requests: "20"
    berth.dev/keep-failed-seconds: "600"`;

/** Goes bad after a while, as a program does that leaks. */
function spoiled(name: string, text: string): string {
  if (name === 'score.yaml') return text.replace('  annotations:', `  annotations:${ANNOTATIONS}`);
  if (name !== 'server.js') return text;
  return text.replace(
    'async function answer(request, url) {',
    'let asked = 0;\n$&\n  if (++asked > 30 && asked % 3 === 0) return json(500, { error: "Out of ink." });',
  );
}

interface Rollout {
  percent: number;
  stage: number;
  stages: unknown[];
  verdict?: { words: string };
}

async function main(): Promise<void> {
  const token = readFileSync(join(directory, 'admin-token'), 'utf8').trim();
  const client = createClient({ url, token });
  const get = async (path: string) =>
    (await (await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).json()) as Record<
      string,
      unknown
    >;
  const archive = await packDirectory(join(import.meta.dirname, '../../examples/guestbook'), spoiled);
  console.log('Building a guestbook that goes bad ...');
  const { version } = await client.upload('/v1/projects/demo/services/guestbook/builds', archive);
  const visitors = visit();
  const accepted = await client.post(`${SERVICE}/deployments`, { version });
  console.log(`Watch it: ${url}/projects/demo/operations/${String(accepted.id)}\n`);
  for (let told = ''; ; await sleep(LOOK_MS)) {
    const operation = await get(`/v1/operations/${String(accepted.id)}`);
    const { percent, stage, stages, verdict } = (await get(
      `${SERVICE}/deployments/${String(accepted.number)}/rollout`,
    )) as unknown as Rollout;
    const line = `step ${stage + 1} of ${stages.length}, ${percent} % of the requests${verdict ? `: ${verdict.words}` : ''}`;
    if (line !== told) console.log(line);
    told = line;
    if (operation.endedAt === undefined) continue;
    const { cause } = (operation.error ?? {}) as { cause?: string };
    console.log(`\nIt ${String(operation.status)}${cause === undefined ? '.' : `: ${cause}`}`);
    break;
  }
  const seen = await visitors.end();
  console.log(
    `Visitors were answered ${[...seen].map(([status, count]) => `${count} times ${status}`).join(', ')}.`,
  );
}

/** Visitors of the guestbook, some at a time. */
function visit() {
  const seen = new Map<number, number>();
  let isOn = true;
  const { hostname, port } = new URL(url);
  const ask = (): Promise<number> =>
    new Promise((resolve) => {
      const asked = request(
        { hostname, port, headers: { host: `guestbook.dev.demo.localhost:${port}` } },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        },
      );
      asked.on('error', () => resolve(0));
      asked.end();
    });
  const running = Promise.all(
    Array.from({ length: 8 }, async () => {
      for (; isOn; await sleep(10)) {
        const status = await ask();
        seen.set(status, (seen.get(status) ?? 0) + 1);
      }
    }),
  );
  return {
    async end() {
      isOn = false;
      await running;
      return seen;
    },
  };
}

await main();
