/** Sealed secrets over records in memory; conformance has them over DynamoDB and Secrets Manager. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { FormerSecrets } from '../../../functions/adapters/aws/secrets/former-secrets.ts';
import { createSealedSecrets } from '../../../functions/adapters/aws/secrets/sealed-secrets.ts';
import { sealValue, unsealValue } from '../../../functions/adapters/aws/secrets/sealed-value.ts';
import { secretsContract } from '../../contracts/secrets.ts';
import { createRecords } from '../../simulation/ports/records.ts';

const key = randomBytes(32);

/** No earlier release kept anything. */
const former: FormerSecrets = {
  versions: async () => undefined,
  retire: async () => undefined,
  remove: async () => undefined,
  list: async () => [],
};

secretsContract('sealed', async () => {
  const store = createRecords(Date.now);
  const secrets = createSealedSecrets({ store, key: async () => key, former });
  return { secrets, dispose: () => store.close() };
});

it('A sealed value opens under its own path, version and key alone', () => {
  const sealed = sealValue(key, 'demo/dev/env/A', 'v1', 'value');
  expect(unsealValue(key, 'demo/dev/env/A', 'v1', sealed)).toBe('value');
  const changed = Buffer.from(sealed, 'base64url');
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  for (const open of [
    () => unsealValue(key, 'demo/dev/env/B', 'v1', sealed),
    () => unsealValue(key, 'demo/dev/env/A', 'v2', sealed),
    () => unsealValue(randomBytes(32), 'demo/dev/env/A', 'v1', sealed),
    () => unsealValue(key, 'demo/dev/env/A', 'v1', changed.toString('base64url')),
  ])
    expect(open).toThrow();
});
