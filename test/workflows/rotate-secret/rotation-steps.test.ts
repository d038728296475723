import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rotateSecret } from '../../../functions/commands/secrets/rotations.ts';
import { putSecret } from '../../../functions/commands/secrets/secrets.ts';
import { secretKey, secretPath } from '../../../functions/core/keys.ts';
import type { SecretRecord } from '../../../functions/core/model/index.ts';
import { getDeployment } from '../../../functions/records/read.ts';
import { switchCredentials } from '../../../functions/workflows/rotate-secret/rotation-steps.ts';
import { type Bench, caller, DEPLOY, openBench } from '../../support/bench.ts';

let bench: Bench;
let version: string;

beforeAll(async () => {
  bench = await openBench();
  version = await bench.build('one', {
    score: 'resources:\n  env:\n    type: environment',
    container: `variables:\n  API_KEY: \${resources.env.API_KEY}`,
  });
});

afterAll(() => bench?.close());

const ref = (environment: string) => ({ project: 'shop', environment, name: 'API_KEY' });
const secretOf = (environment: string, of: string) =>
  bench.ports.secrets.get(secretPath(ref(environment), 'API_KEY'), of);

async function record(environment: string): Promise<SecretRecord> {
  const item = await bench.ports.store.get<SecretRecord>(secretKey(ref(environment), 'API_KEY'));
  if (!item) throw new Error(`${environment} has no secret`);
  return item.data;
}

/** A service that serves with the first version of a secret, and a rotation to the second one that has not begun. */
async function rotating(environment: string) {
  await bench.environment(environment);
  await putSecret(bench.ports, caller, ref(environment), { value: 'the first value' });
  await bench.deploy(environment, version);
  const previous = (await record(environment)).version;
  const operation = await rotateSecret(bench.ports, caller, ref(environment), { value: 'the second value' });
  bench.started.length = 0;
  return { previous, next: 'version' in operation.input ? operation.input.version : '', operation };
}

describe('A rotation of a secret', () => {
  it('makes the old version worthless only when what serves has the new one', async () => {
    const { previous, next, operation } = await rotating('moved');
    await bench.run(operation, 'prepareRotation', 'switchCredentials');
    const moving = bench.run(operation, 'redeployReaders');
    await expect.poll(() => bench.started, { timeout: 5000 }).toHaveLength(1);
    const [id = ''] = bench.started;
    expect(await secretOf('moved', previous)).toBe('the first value');
    await bench.run({ id }, ...DEPLOY, 'finishDeployment');
    await moving;
    const { current = 0 } = await bench.instance('moved');
    const serving = await getDeployment(bench.ports.store, bench.ref('moved'), current);
    expect(serving.data).toMatchObject({ rotation: operation.id });
    expect(serving.data.outputs?.env?.secrets.API_KEY).toMatchObject({ version: next });
    await bench.run(operation, 'retireCredentials', 'finishRotation');
    expect(await secretOf('moved', previous)).toBeUndefined();
    expect((await record('moved')).versions).toMatchObject([
      { version: next, stage: 'current' },
      { version: previous, stage: 'revoked' },
    ]);
  });

  it('that fails gives the old version back, which is good still', async () => {
    const { previous, next, operation } = await rotating('back');
    await bench.run(operation, 'prepareRotation', 'switchCredentials');
    expect((await record('back')).version).toBe(next);
    await bench.run(operation, 'recoverRotation');
    const { versions, ...after } = await record('back');
    expect(after).toMatchObject({ version: previous });
    expect(after).not.toHaveProperty('rotation');
    expect(versions).toMatchObject([
      { version: next, stage: 'retired' },
      { version: previous, stage: 'current' },
    ]);
    expect(await secretOf('back', previous)).toBe('the first value');
  });

  it('whose step comes late does not take back what was set after its end', async () => {
    const { operation } = await rotating('late');
    await bench.run(operation, 'prepareRotation', 'recoverRotation');
    const { data: set } = await putSecret(bench.ports, caller, ref('late'), { value: 'the third value' });
    // The step has read its operation before that ended.
    const signal = AbortSignal.timeout(5000);
    await switchCredentials.run({ ports: bench.ports, operation, signal, isLook: false });
    expect(await record('late')).toEqual(set);
  });
});
