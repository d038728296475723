/** Secrets over Secrets Manager, as moto has it. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecretsManager } from '../../../functions/adapters/aws/secrets/secrets.ts';
import { secretsContract } from '../../contracts/secrets.ts';
import { clientOptions, withMoto } from './support.ts';

await withMoto((url) => {
  secretsContract('Secrets Manager', async () => {
    const client = new SecretsManagerClient(clientOptions(url()));
    return {
      secrets: createSecretsManager({ client, prefix: 'berth' }),
      dispose: async () => client.destroy(),
    };
  });
});
