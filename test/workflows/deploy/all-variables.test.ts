/** What takes all variables and secrets of its environment, on a real Berth. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restartService } from '../../../functions/commands/deployments/operate.ts';
import { planDeployment } from '../../../functions/commands/deployments/plan.ts';
import { deleteSecret, putSecret } from '../../../functions/commands/secrets/secrets.ts';
import { changedSince } from '../../../functions/commands/variables/changed-since.ts';
import { readersOf } from '../../../functions/commands/variables/variable-readers.ts';
import { changeVariables } from '../../../functions/commands/variables/variables.ts';
import { getDeploymentDetail } from '../../../functions/records/workloads.ts';
import { type Bench, caller, DEPLOY, openBench } from '../../support/bench.ts';
import { archive } from '../../support/programs.ts';

/** As somebody has it who comes from Heroku: no score.yaml. */
const FOLDER = {
  'package.json': JSON.stringify({ name: 'plain', version: '1.0.0', scripts: { start: 'node server.js' } }),
  'server.js': `require('node:http').createServer((_, response) => response.end(JSON.stringify(process.env))).listen(process.env.PORT);
process.on('SIGTERM', () => process.exit(0));`,
};
/** As the machine that runs this may be slow. */
const PATIENCE = 240_000;

let bench: Bench;
let version: string;

const set = (name: string, value: string | undefined, environment = 'dev') =>
  changeVariables(bench.ports, caller, bench.ref(environment), { some: new Map([[name, value]]) });
const hide = (name: string, value: string, environment = 'dev') =>
  putSecret(bench.ports, caller, { ...bench.ref(environment), name }, { value });
const forget = (name: string) => deleteSecret(bench.ports, caller, { ...bench.ref('dev'), name });
const env = async (environment = 'dev') =>
  JSON.parse((await bench.subject.workload(`web.${environment}.shop.localhost`)).text);
const restart = async () => {
  const { operation } = await restartService(bench.ports, caller, bench.ref('dev'));
  await bench.run(operation, ...DEPLOY, 'finishDeployment');
};
const serving = async () => {
  const { current } = await bench.instance('dev');
  return (await getDeploymentDetail(bench.ports.store, bench.ref('dev'), current!)).data;
};
const names = async () => [...(await serving()).variables!];

beforeAll(async () => {
  bench = await openBench();
  await bench.environment('dev');
  const source = await archive(FOLDER);
  version = (await bench.subject.operation('POST', '/v1/projects/shop/services/web/builds', source)).result
    .version;
}, PATIENCE);
afterAll(() => bench?.close());

describe('A program without a Score file', { timeout: PATIENCE }, () => {
  it('has all variables and secrets of its environment by their names, and PORT from Berth', async () => {
    await set('GREETING', 'ada');
    await set('PORT', '1');
    await set('__proto__', 'x');
    await hide('API_KEY', 'correct horse');
    await bench.deploy('dev', version);
    const found = await env();
    expect(found).toMatchObject({ GREETING: 'ada', API_KEY: 'correct horse' });
    expect(found.PORT).not.toBe('1');
    expect(await names()).toEqual(['API_KEY', 'GREETING']);
    // A secret is one for the place too, and its value is in no record.
    expect(bench.applied.at(-1)?.secrets).toEqual(['correct horse']);
    expect(JSON.stringify(await serving())).not.toContain('correct horse');
  });

  it('has what is set later from its next restart on, and a plan tells it before', async () => {
    await set('GREETING', 'grace');
    await set('LATER', 'new');
    await hide('TOKEN', 'battery');
    expect((await env()).LATER).toBeUndefined();
    const { data: environment } = await bench.environmentOf('dev');
    const readers = await readersOf(bench.ports, environment);
    expect(readers.get('LATER')).toEqual(['web']);
    expect(readers.get('TOKEN')).toEqual(['web']);
    expect(readers.has('PORT')).toBe(false);
    expect(await changedSince(bench.ports, await serving())).toEqual(['GREETING', 'LATER', 'TOKEN']);
    const { changes, problems } = await planDeployment(bench.ports, bench.ref('dev'), { version });
    expect(problems).toEqual([]);
    expect(changes.map(({ area, name, change }) => `${area} ${name} ${change}`)).toEqual(
      expect.arrayContaining([
        'variable env.LATER added',
        'variable env.GREETING changed',
        'secret env.TOKEN added',
      ]),
    );
    await restart();
    expect(await env()).toMatchObject({ GREETING: 'grace', LATER: 'new', TOKEN: 'battery' });
    expect(await changedSince(bench.ports, await serving())).toEqual([]);
  });

  it('does without a variable that was removed while its deployment was on its way', async () => {
    const operation = await bench.accept('dev', { version });
    await set('LATER', undefined);
    await bench.run(operation, ...DEPLOY, 'finishDeployment');
    expect((await env()).LATER).toBeUndefined();
    expect(await names()).toEqual(['API_KEY', 'GREETING', 'TOKEN']);
  });

  it('keeps no secret from being deleted, runs on with it, and starts without it', async () => {
    const operation = await bench.accept('dev', { version });
    await expect(forget('TOKEN')).rejects.toMatchObject({ code: 'operation_in_progress' });
    await bench.run(operation, ...DEPLOY, 'finishDeployment');
    await forget('TOKEN');
    expect((await env()).TOKEN).toBe('battery');
    expect(await names()).toEqual(['API_KEY', 'GREETING']);
    await restart();
    expect((await env()).TOKEN).toBeUndefined();
  });

  it('goes back to the values that it had, with the secrets that are still there as they are today', async () => {
    // Deployment 2 had LATER, TOKEN and grace.
    await set('GREETING', 'today');
    const operation = await bench.accept('dev', { rollbackTo: 2 });
    await bench.run(operation, 'prepareDeployment', 'applyWorkload', 'awaitRollout', 'finishDeployment');
    const found = await env();
    expect(found).toMatchObject({ GREETING: 'grace', LATER: 'new', API_KEY: 'correct horse' });
    expect(found.TOKEN).toBeUndefined();
  });

  it('goes back though a secret was deleted and put again, which it has as it is today', async () => {
    await forget('API_KEY');
    await hide('API_KEY', 'put again');
    const operation = await bench.accept('dev', { rollbackTo: 2 });
    await bench.run(operation, 'prepareDeployment', 'applyWorkload', 'awaitRollout', 'finishDeployment');
    expect(await env()).toMatchObject({ GREETING: 'grace', API_KEY: 'put again' });
  });

  it('has where it is promoted to what that environment has, and nothing of where it was', async () => {
    await bench.environment('live');
    await set('GREETING', 'live', 'live');
    const operation = await bench.accept('live', { fromEnvironment: 'dev' });
    await bench.run(operation, ...DEPLOY, 'finishDeployment');
    const found = await env('live');
    expect(found.GREETING).toBe('live');
    expect(found.API_KEY).toBeUndefined();
  });
});
