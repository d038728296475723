/** Suites that need moto's server, and how clients reach it. */
import { afterAll, beforeAll, describe } from 'vitest';
import { sdkOptions } from '../../../functions/adapters/aws/sdk-options.ts';
import { type Moto, startMoto, whyNoMoto } from '../support/aws/moto.ts';

export const REGION = 'us-east-1';

/** What each client in these suites is made with: as in production, but for the endpoint. */
export const clientOptions = (endpoint: string) => ({
  ...sdkOptions({ region: REGION, endpoint }),
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'not-a-secret' },
});

/** Runs the suites with a server of their own, or says why not. */
export async function withMoto(
  suites: (url: () => string) => void,
  env: () => Promise<Record<string, string>> = async () => ({}),
): Promise<void> {
  const reason = await whyNoMoto();
  if (reason !== undefined) console.log(`Skipped, for want of moto: ${reason}`);
  describe.skipIf(reason !== undefined)('moto', () => {
    let server: Moto | undefined;
    beforeAll(async () => {
      server = await startMoto(await env());
    });
    afterAll(() => server?.stop());
    suites(() => server?.url ?? '');
  });
}

async function ask(endpoint: string, action: string, tag: string): Promise<string[]> {
  const answer = await fetch(`${endpoint}/?Action=${action}&Version=2016-11-15`, {
    headers: {
      authorization: 'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/ec2/aws4_request',
    },
  });
  return [...(await answer.text()).matchAll(new RegExp(`<${tag}>([^<]+)<`, 'g'))].map(([, id]) => id ?? '');
}

/** The subnets of the network that every account has. @param endpoint of moto */
export const subnetIds = (endpoint: string): Promise<string[]> =>
  ask(endpoint, 'DescribeSubnets', 'subnetId');

export const vpcId = async (endpoint: string): Promise<string> =>
  (await ask(endpoint, 'DescribeVpcs', 'vpcId'))[0] ?? '';
