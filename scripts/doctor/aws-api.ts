/**
 * Calls of AWS that Berth itself never makes, so that it has no client for them: signed requests of the services' JSON
 * protocol, with the credentials and the endpoints that the SDK finds.
 */

import { EKSClient } from '@aws-sdk/client-eks';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../../functions/adapters/aws/sha256.ts';

export interface AwsApi {
  region: string;
  /**
   * @param target such as `AmazonSSM.GetParameter`
   * @param region where it is not the installation's
   * @throws Error named by AWS's code
   */
  call<T>(service: string, target: string, body: object, region?: string): Promise<T>;
}

const TIMEOUT_MS = 15_000;

/** @throws Error without a region or credentials */
export async function createAwsApi(): Promise<AwsApi> {
  const { config } = new EKSClient({});
  const region = await config.region();
  await config.credentials();
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return {
    region,
    async call<T>(service: string, target: string, content: object, at = region): Promise<T> {
      const endpoint = process.env.AWS_ENDPOINT_URL ?? `https://${service}.${at}.${suffix}`;
      const url = new URL(endpoint);
      const body = JSON.stringify(content);
      const signer = new SignatureV4({
        service,
        region: at,
        sha256: Sha256,
        credentials: config.credentials,
      });
      const signed = await signer.sign({
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        path: '/',
        body,
        headers: { host: url.host, 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
      });
      const { host: _, ...headers } = signed.headers;
      const answer = await fetch(url, {
        method: 'POST',
        body,
        headers,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text) as T;
      const { __type = '', message, Message } = safely(text);
      const error = new Error(message ?? Message ?? `status ${answer.status}`);
      error.name = __type.split('#').at(-1) || 'AwsError';
      throw error;
    },
  };
}

function safely(text: string): { __type?: string; message?: string; Message?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
