/** Secrets that a company keeps in AWS Secrets Manager itself: read, never written. */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type SecretSource, unreadableSource, valueIn } from '../../../core/secrets/secret-source.ts';
import type { SecretKeeper } from '../../../ports/secret-keepers.ts';
import { isAws, sent } from '../sdk-errors.ts';

export interface KeptSecretsOptions {
  /** Of the region that an ARN names. */
  client(region: string): SecretsManagerClient;
  /** What names of Berth's own secrets begin with, without a slash: nobody refers to those. */
  own: string;
}

const GONE = ['ResourceNotFoundException', 'InvalidRequestException'];
const DENIED = ['AccessDeniedException', 'DecryptionFailure'];

export function createKeptSecrets({ client, own }: KeptSecretsOptions): SecretKeeper {
  async function find(source: SecretSource): Promise<{ version: string; value: string } | undefined> {
    const [, , , region = '', , , name = ''] = source.entry.split(':');
    if (name.startsWith(`${own}/`))
      throw unreadableSource(source, "it is one of Berth's own", 'Refer to a secret of yours.');
    const request = new GetSecretValueCommand({
      SecretId: source.entry,
      ...(source.version !== undefined && { VersionId: source.version }),
    });
    try {
      const { VersionId: version, SecretString: text } = await sent(client(region).send(request));
      if (text === undefined || version === undefined)
        throw unreadableSource(source, 'it is binary', 'Keep it as text, for example as Base64.');
      return { version, value: valueIn(source, text) };
    } catch (error) {
      if (isAws(error, ...GONE)) return undefined;
      if (isAws(error, 'ValidationException', 'InvalidParameterException'))
        throw unreadableSource(source, 'AWS takes no such ARN or version', 'Correct ARN and version.', error);
      if (!isAws(error, ...DENIED)) throw error;
      throw unreadableSource(
        source,
        'Berth may not read it',
        'Have the platform team name it in the setting berth:secretSources, and in the policy of its KMS key.',
        error,
      );
    }
  }

  return {
    async pin(source) {
      const found = await find(source);
      if (found) return found.version;
      throw unreadableSource(
        source,
        source.version === undefined
          ? 'it is not there, or is being deleted'
          : `it has no version ${source.version}`,
        'Correct ARN and version.',
      );
    },
    read: async (source) => (await find(source))?.value,
  };
}
