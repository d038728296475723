/** The seven points, each tried on the bench by itself: a feature that is broken turns its point red. */
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyEvidence } from '../../../cli/verify-evidence.mjs';
import { packExample } from '../../../test/support/berth.ts';
import { type Bench, must } from './bench.ts';

export interface Point {
  name: string;
  asks: string;
  /** @returns the figure; throws with what is wrong */
  try(bench: Bench, saw: (line: string) => void): Promise<string>;
}

const SLOWEST_CHANGE_SECONDS = 60;
const SLOWEST_LOG_SECONDS = 5;
const SLOWEST_ROLLBACK_SECONDS = 30;

/** Tries until it is so, or the time is over. */
async function within(seconds: number, check: () => Promise<boolean>): Promise<number | undefined> {
  const from = performance.now();
  while (performance.now() - from < seconds * 1000) {
    if (await check()) return (performance.now() - from) / 1000;
    await sleep(100);
  }
  return undefined;
}

export const points: readonly Point[] = [
  {
    name: 'Autonomy',
    asks: 'A developer gets from nothing to a service that answers, and nobody else has to do anything.',
    async try({ developer, path, done, build, deploy, ask, seconds }, saw) {
      const from = performance.now();
      await done(developer.operation('POST', `${path}/environments`, { name: 'dev' }));
      saw('made an environment');
      const service = await developer.api('POST', `${path}/services`, { name: 'guestbook' });
      must(
        service.status === 201,
        `A developer may not make a service: ${service.status} ${service.body.detail}`,
      );
      const version = await build('guestbook', await packExample('guestbook'));
      saw(`built version ${version} from source`);
      await deploy('guestbook', { version });
      const { status } = await ask('guestbook', '/entries');
      must(status === 200, `The service answers ${status}.`);
      saw('deployed it, and it answers 200');
      return `4 calls of the developer, 0 of others, ${seconds(from)} s`;
    },
  },
  {
    name: 'On-demand resources',
    asks: 'What a service needs is there because it says so: a database that it can write to and read from.',
    async try({ developer, path, ask }, saw) {
      const { body } = await developer.api('GET', `${path}/environments/dev/resources`);
      const types = ((body.items ?? []) as { type: string }[]).map(({ type }) => type);
      must(
        types.includes('postgres'),
        `The environment has no database, but ${types.join(', ') || 'nothing'}.`,
      );
      saw(`the environment has: ${types.join(', ')}`);
      const entry = { author: 'Litmus', message: `on demand ${Date.now()}` };
      const headers = { 'content-type': 'application/json' };
      const put = await ask('guestbook', '/entries', {
        method: 'POST',
        headers,
        body: JSON.stringify(entry),
      });
      must(put.status === 201, `The service could not write: ${put.status}`);
      const { text } = await ask('guestbook', '/entries');
      must(text.includes(entry.message), 'What was written is not read back.');
      saw('a row was written and read back');
      return `${types.length} resource(s), asked for in a line each, none by hand`;
    },
  },
  {
    name: 'Complexity hidden',
    asks: 'A plain program is deployed as it is: no file about containers, clusters or the cloud.',
    async try({ developer, operator, path, secret, build, deploy, ask }, saw) {
      const service = await developer.api('POST', `${path}/services`, { name: 'web' });
      must(service.status === 201, `The service was not made: ${service.body.detail}`);
      const put = await operator.api('PUT', `${path}/environments/dev/secrets/LITMUS_KEY`, { value: secret });
      must(put.status < 300, `The secret was not kept: ${put.status}`);
      await deploy('web', { version: await build('web', 'one') });
      saw('the source is package.json and server.js, 8 lines');
      const { status, text } = await ask('web');
      must(status === 200 && text === 'one', `It answers ${status} "${text.slice(0, 80)}".`);
      saw('it was recognised, built, deployed, and answers');
      return '0 lines of configuration';
    },
  },
  {
    name: 'Fast deployment',
    asks: `A change is live within ${SLOWEST_CHANGE_SECONDS} s, and no request is lost meanwhile.`,
    async try({ build, deploy, ask, seconds }, saw) {
      let isOn = true;
      const answers = { good: 0, lost: 0 };
      const visitor = (async () => {
        while (isOn) {
          const { status } = await ask('web').catch(() => ({ status: 0 }));
          if (status === 200) answers.good += 1;
          else answers.lost += 1;
          await sleep(20);
        }
      })();
      const from = performance.now();
      try {
        await deploy('web', { version: await build('web', 'two') });
      } finally {
        isOn = false;
        await visitor;
      }
      const took = seconds(from);
      const { text } = await ask('web');
      must(text === 'two', `It still answers "${text.slice(0, 80)}".`);
      saw(`${answers.good} requests were answered meanwhile, ${answers.lost} lost`);
      must(answers.lost === 0, `${answers.lost} requests were lost.`);
      must(took <= SLOWEST_CHANGE_SECONDS, `It took ${took} s.`);
      return `${took} s from source to the last request on the new version`;
    },
  },
  {
    name: 'Observability',
    asks: `What happened is found: the line of a request within ${SLOWEST_LOG_SECONDS} s, its figures, and who deployed what.`,
    async try({ developer, path, ask }, saw) {
      const mark = `/mark-${Date.now()}`;
      await ask('web', mark);
      const of = `${path}/environments/dev/services/web`;
      const found = await within(SLOWEST_LOG_SECONDS, async () => {
        const { body } = await developer.api('GET', `${of}/logs?search=${encodeURIComponent(`"${mark}"`)}`);
        return ((body.items ?? []) as unknown[]).length > 0;
      });
      must(found !== undefined, `The line of the request was not found within ${SLOWEST_LOG_SECONDS} s.`);
      saw('the line of a request was found by a search');
      const counted = await within(15, async () => {
        const { body } = await developer.api('GET', `${of}/metrics`);
        return (body.totals?.requests ?? 0) > 0;
      });
      must(counted !== undefined, 'No request is in its metrics.');
      saw('requests are in its metrics');
      const { body } = await developer.api('GET', `${path}/events?type=deployment.succeeded&service=web`);
      must(((body.items ?? []) as unknown[]).length >= 2, 'The deployments are not among the events.');
      saw('both deployments are among the events');
      return `${found.toFixed(1)} s until the line was found`;
    },
  },
  {
    name: 'Security and compliance',
    asks: 'Secrets stay secret, roles and policies hold, and an auditor can check it offline.',
    async try({ operator, developer, as, path, secret, ask, text }, saw) {
      await ask('web', '/secret');
      const { body: logs } = await operator.api('GET', `${path}/environments/dev/services/web/logs?tail=200`);
      const lines = JSON.stringify(logs.items ?? []);
      must(lines.includes('litmus saw'), 'The service printed nothing that could be looked at.');
      must(!lines.includes(secret), 'The value of a secret is in the output that is kept.');
      saw('a secret that the service prints is masked');
      must((await as('berth_nobody').api('GET', path)).status === 401, 'A token that nobody has is let in.');
      const given = await operator.api('POST', `${path}/tokens`, { name: 'viewer', role: 'viewer' });
      const viewer = as(String(given.body.token));
      const restart = `${path}/environments/dev/services/web/restart`;
      const refused = await viewer.api('POST', restart);
      must(refused.status === 403, `A viewer who restarts a service is answered ${refused.status}.`);
      saw('an unknown token and a viewer are refused');
      const rule = { rule: { kind: 'ceiling', cpu: '1m' } };
      await operator.api('PUT', `${path}/policies/litmus`, rule);
      const version = (await developer.api('GET', `${path}/services/guestbook/versions`)).body.items[0].id;
      const deployments = `${path}/environments/dev/services/guestbook/deployments`;
      const above = await developer.api('POST', deployments, { version });
      await operator.api('DELETE', `${path}/policies/litmus`);
      must(above.status >= 400, `A deployment above a ceiling is answered ${above.status}.`);
      saw(`a deployment against a policy is refused: ${above.body.code}`);
      const { body: report } = await operator.api('GET', `${path}/audit/verification`);
      must(report.intact === true, `The audit trail is not whole: ${JSON.stringify(report.faults)}`);
      const found = await checkEvidence({ operator, path, text });
      saw(`evidence of ${found} events verifies with the program for auditors`);
      return '6 of 6 checks';
    },
  },
  {
    name: 'Practical',
    asks: `Daily work is short: back within ${SLOWEST_ROLLBACK_SECONDS} s, a price, a way out, and nothing is left behind.`,
    async try({ operator, developer, path, done, deploy, ask, seconds }, saw) {
      const from = performance.now();
      await deploy('web', { rollbackTo: 1 });
      const took = seconds(from);
      const { text } = await ask('web');
      must(text === 'one', `After the rollback it answers "${text.slice(0, 80)}".`);
      must(took <= SLOWEST_ROLLBACK_SECONDS, `The rollback took ${took} s.`);
      saw(`a rollback served after ${took} s`);
      const { body: cost } = await developer.api('GET', `${path}/environments/dev/cost`);
      must(cost.usdPerMonth > 0, 'The environment has no price.');
      saw(`the environment costs ${cost.usdPerMonth} USD a month`);
      const { body: manifests } = await developer.api(
        'GET',
        `${path}/environments/dev/manifests?registry=registry.example.com`,
      );
      must((manifests.files ?? []).length > 0, `There are no manifests to leave with: ${manifests.detail}`);
      saw(`${manifests.files.length} files of plain manifests to leave with`);
      await done(operator.operation('DELETE', `${path}/environments/dev`));
      const gone = await ask('web');
      must(gone.status === 404, `The service of the destroyed environment answers ${gone.status}.`);
      must(
        (await developer.api('GET', `${path}/environments/dev`)).status === 404,
        'The environment is there still.',
      );
      saw('the environment was destroyed, with all that was in it');
      return `${took} s to go back`;
    },
  },
];

async function checkEvidence({
  operator,
  path,
  text,
}: Pick<Bench, 'operator' | 'path' | 'text'>): Promise<number> {
  const pack = await text(`${path}/evidence?from=2020-01-01T00:00:00Z`);
  const { body: key } = await operator.api('GET', '/v1/evidence/key');
  const { faults, events } = verifyEvidence([Buffer.from(pack)], { key: String(key.pem) });
  must(faults.length === 0, `The evidence does not verify: ${faults[0]}`);
  return events.length;
}
