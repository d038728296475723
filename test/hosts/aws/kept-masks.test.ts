/** Secrets of deployments that are gone, in output that is kept. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSecretsFile } from '../../../functions/adapters/local/secrets/secrets.ts';
import { createEffects } from '../../../functions/adapters/system/effects.ts';
import { createKeptMasks } from '../../../functions/hosts/aws/ports/kept-masks.ts';
import type { WorkloadSpec } from '../../../functions/ports/workloads.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const DAY = 24 * 60 * 60 * 1000;
const STREAM = 'demo/dev/web';

async function setUp() {
  const directory = makeDirectory();
  let time = Date.UTC(2026, 0, 1);
  const effects = createEffects({ now: () => time });
  const secrets = await createSecretsFile({
    path: join(directory, 'secrets'),
    keyPath: join(directory, 'key'),
    effects,
  });
  const masks = createKeptMasks(secrets, effects);
  return {
    secrets,
    keep: (...values: string[]) =>
      masks.keep({
        ...{ project: 'demo', environment: 'dev', service: 'web', secrets: values },
        containers: [],
      } as unknown as WorkloadSpec),
    hide: async (text: string, stream = STREAM) => (await masks.mask(stream))(text),
    pass: (days: number) => {
      time += days * DAY;
    },
  };
}

describe('Masks of output that is kept', () => {
  it('know the secrets of every deployment of the last 30 days, whatever became of it', async () => {
    const { keep, hide, pass } = await setUp();
    await keep('first-secret');
    pass(90);
    await keep('second-secret');
    pass(29);
    expect(await hide('first-secret second-secret')).toBe('•••• ••••');
    expect(await hide(`${Buffer.from('x first-secret').toString('base64')}`)).toContain('••••');
    await keep('third-secret');
    pass(3);
    await keep('third-secret', 'fourth-secret');
    expect(await hide('first-secret second-secret third-secret fourth-secret')).toBe(
      'first-secret •••• •••• ••••',
    );
  });

  it('are of one service alone, and write nothing where nothing has changed', async () => {
    const { keep, hide, secrets } = await setUp();
    await keep();
    expect(await secrets.list('-masks')).toEqual([]);
    await keep('first-secret');
    const paths = await secrets.list('-masks/demo/dev');
    await keep('first-secret');
    expect(await secrets.list('-masks/demo/dev')).toEqual(paths);
    for (const other of ['demo/dev/web2', 'demo/dev2/web', 'other/dev/web'])
      expect(await hide('first-secret', other)).toBe('first-secret');
  });

  it('hold secrets of any size and number', async () => {
    const { keep, hide } = await setUp();
    const many = Array.from({ length: 3_000 }, (_, index) => `secret-number-${index}-of-many`);
    const large = Array.from({ length: 900 }, (_, index) => `line ${index} of a large file of keys ü`);
    await keep(...many, large.join('\n'));
    for (const value of [many[0], many.at(-1), large[0], large.at(-1)])
      expect(await hide(`it is ${value}`)).toBe('it is ••••');
  });
});
