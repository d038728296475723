/**
 * What Vault's method `aws` takes as proof of who asks: a signed GetCallerIdentity of STS, which Vault sends on. It is
 * signed here, so that no request is made.
 */
import { SignatureV4 } from '@smithy/signature-v4';
import type { EksCredentials } from './eks/eks-token.ts';
import { Sha256 } from './sha256.ts';

export interface VaultProofOptions {
  /** The address of Vault. What is signed says its host, so that no other Vault that asks for that takes it. */
  vault: string;
  credentials(): Promise<EksCredentials>;
  now(): number;
  /** Where Vault sends it; default the endpoint that Vault takes where nobody has set one. */
  sts?: { endpoint: string; region: string };
}

const STS = { endpoint: 'https://sts.amazonaws.com', region: 'us-east-1' };
const BODY = 'Action=GetCallerIdentity&Version=2011-06-15';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function createVaultProof({ vault, credentials, now, sts = STS }: VaultProofOptions) {
  const { protocol, hostname, host } = new URL(sts.endpoint);
  return async (): Promise<Record<string, string>> => {
    const signer = new SignatureV4({
      service: 'sts',
      region: sts.region,
      sha256: Sha256,
      credentials: await credentials(),
    });
    const { headers } = await signer.sign(
      {
        method: 'POST',
        protocol,
        hostname,
        path: '/',
        headers: {
          host,
          'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
          'x-vault-aws-iam-server-id': new URL(vault).hostname,
        },
        body: BODY,
      },
      { signingDate: new Date(now()) },
    );
    return {
      iam_http_request_method: 'POST',
      iam_request_url: base64(`${protocol}//${host}/`),
      iam_request_body: base64(BODY),
      iam_request_headers: base64(JSON.stringify(headers)),
    };
  };
}
