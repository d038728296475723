/** Moto's server with its check of who asks: keys have to be good, and what their users' policies allow is all they may. */
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { startMoto } from './moto.ts';

export const ACCOUNT = '123456789012';

export interface MotoWithIam {
  url: string;
  /** What a client takes that may do everything. */
  root: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** Of a user that may do the given actions and no others. Moto looks at the resources of some actions alone. */
  credentials: { accessKeyId: string; secretAccessKey: string };
  stop(): Promise<void>;
}

export async function startMotoWithIam(actions: readonly string[], region: string): Promise<MotoWithIam> {
  const { url, client, stop } = await startMoto();
  try {
    const iam = new IAMClient(client);
    const withUser = async (UserName: string, Action: readonly string[]) => {
      await iam.send(new CreateUserCommand({ UserName }));
      const Statement = [{ Effect: 'Allow', Action, Resource: '*' }];
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }));
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
      return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
    };
    const root = { endpoint: url, region, credentials: await withUser('root', ['*']) };
    const credentials = await withUser('berth', actions);
    iam.destroy();
    // From the next request on.
    await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: '0' });
    return { url, root, credentials, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
