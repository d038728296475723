/** Secrets that are kept elsewhere, on their way: from a rule and a reference to a deployment, a rollback and a refusal. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planDeployment } from '../../functions/commands/deployments/plan.ts';
import { rotateSecret } from '../../functions/commands/secrets/rotations.ts';
import { putSecretSources } from '../../functions/commands/secrets/secret-sources.ts';
import { revealSecret, revokeVersion } from '../../functions/commands/secrets/secret-versions.ts';
import { putSecret } from '../../functions/commands/secrets/secrets.ts';
import type { SecretSource } from '../../functions/core/secrets/secret-source.ts';
import { type Bench, caller, DEPLOY, openBench } from '../support/bench.ts';

const VALUE = 'sesame-open-number';
let bench: Bench;
let version: string;
/** What is kept there, by its version; the last is the newest. */
const kept = new Map<string, string>();
const source: SecretSource = { from: 'vault', entry: 'secret/shop/db', key: 'password' };
const rule = { project: 'shop', from: 'vault' as const, prefix: 'secret/shop/' };

beforeAll(async () => {
  bench = await openBench();
  bench.ports.secretKeepers = {
    vault: {
      pin: async (wanted) => wanted.version ?? [...kept.keys()].at(-1) ?? '',
      read: async (pinned) => kept.get(pinned.version),
    },
  };
  kept.set('1', `${VALUE}-1`);
  version = await bench.build('kept', {
    container: 'variables: { PASSWORD: "${resources.env.DB_PASSWORD}" }',
    score: 'resources: { env: { type: environment } }',
  });
  await bench.environment('dev');
});
afterAll(() => bench?.close());

const ref = { project: 'shop', environment: 'dev', name: 'DB_PASSWORD' };
const refer = (to: SecretSource = source) => putSecret(bench.ports, caller, ref, { source: to });
const rules = (...items: (typeof rule)[]) => putSecretSources(bench.ports, caller, { rules: items });
const applied = () => bench.applied.at(-1)?.containers[0]?.variables.find(({ name }) => name === 'PASSWORD');

describe('A secret that is kept elsewhere', () => {
  it('is referred to only where a rule of the platform team lets the project, and only if it is connected', async () => {
    await expect(refer()).rejects.toMatchObject({ code: 'secret_source_forbidden' });
    await rules(rule);
    await expect(refer({ ...source, entry: 'secret/other/db' })).rejects.toMatchObject({
      code: 'secret_source_forbidden',
    });
    const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop';
    await expect(refer({ from: 'aws-secrets-manager', entry: arn })).rejects.toMatchObject({
      code: 'secret_unavailable',
    });
    expect((await refer()).data.versions[0]).toMatchObject({ source });
  });

  it('is read at a deployment, which pins the version there; it is masked, and in no record', async () => {
    expect(await bench.deploy('dev', version)).toBe(1);
    expect(applied()).toEqual({ name: 'PASSWORD', value: `${VALUE}-1`, sensitive: true });
    expect(bench.applied.at(-1)?.secrets).toContain(`${VALUE}-1`);
    kept.set('2', `${VALUE}-2`);
    const plan = await planDeployment(bench.ports, bench.ref('dev'), { version });
    expect(JSON.stringify(plan)).toContain('vault:secret/shop/db#password@2');
    expect(await bench.deploy('dev', version)).toBe(2);
    expect(applied()).toMatchObject({ value: `${VALUE}-2` });
    const { subject } = bench;
    for (const path of ['events', 'environments/dev/secrets', 'environments/dev/services/web/deployments'])
      expect(JSON.stringify((await subject.api('GET', `/v1/projects/shop/${path}`)).body)).not.toContain(
        VALUE,
      );
  });

  it('a rollback takes the version that was pinned, and says so when that is gone', async () => {
    const back = await bench.accept('dev', { rollbackTo: 1 });
    await bench.run(back, 'prepareDeployment', 'applyWorkload');
    expect(applied()).toMatchObject({ value: `${VALUE}-1` });
    await bench.run(back, 'awaitRollout', 'finishDeployment');
    kept.delete('2');
    const gone = await bench.accept('dev', { rollbackTo: 2 });
    await expect(bench.run(gone, 'prepareDeployment')).rejects.toMatchObject({
      code: 'secret_unavailable',
      message: expect.stringMatching(/version 2, which this deployment has pinned, is gone/),
      hint: expect.stringContaining('Deploy the version anew'),
    });
    kept.set('3', `${VALUE}-3`);
  });

  it('takes the place of a value that was revoked, in a rollback to a deployment that had that one', async () => {
    const value = { value: 'kept-by-berth-itself' };
    const own = await putSecret(bench.ports, caller, ref, value);
    const [first] = own.data.versions;
    const number = await bench.deploy('dev', version);
    await refer();
    await revokeVersion(bench.ports, caller, ref, first?.version ?? '');
    const back = await bench.accept('dev', { rollbackTo: number });
    await bench.run(back, 'prepareDeployment', 'applyWorkload', 'awaitRollout', 'finishDeployment');
    expect(applied()).toMatchObject({ value: `${VALUE}-3` });
  });

  it('is rotated, revoked and shown where it is kept', async () => {
    const [current] = (await refer()).data.versions;
    for (const refused of [
      () => rotateSecret(bench.ports, caller, ref, {}),
      () => revokeVersion(bench.ports, caller, ref, current?.version ?? ''),
      () => revealSecret(bench.ports, caller, ref),
    ])
      await expect(refused()).rejects.toMatchObject({
        code: 'conflict',
        hint: expect.stringContaining('where it is kept'),
      });
  });

  it('neither a deployment nor a rollback takes what the project may no longer refer to', async () => {
    await rules();
    const problems = (await planDeployment(bench.ports, bench.ref('dev'), { version })).problems;
    expect(problems).toContainEqual(expect.objectContaining({ code: 'secret_source_forbidden' }));
    const operation = await bench.accept('dev', { version }).catch((error: unknown) => error);
    if (operation instanceof Error) expect(operation).toMatchObject({ code: 'secret_source_forbidden' });
    else
      await expect(bench.run(operation as { id: string }, ...DEPLOY)).rejects.toMatchObject({
        code: 'secret_source_forbidden',
      });
    await expect(bench.accept('dev', { rollbackTo: 1 })).rejects.toMatchObject({
      code: 'secret_source_forbidden',
    });
  });
});
