/**
 * Tokens for an EKS cluster: a presigned GetCallerIdentity of STS, which the cluster sends on to learn who asks.
 * Signed here, so that no request is made; good for 15 minutes, and for no longer than its credentials.
 */

import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '../sha256.ts';

export interface EksCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

export interface EksTokenOptions {
  /** Name of the cluster. */
  cluster: string;
  region: string;
  credentials(): Promise<EksCredentials>;
  now(): number;
  /** What the names of AWS's hosts end with; default `amazonaws.com`. */
  dnsSuffix?: string;
  /** Default: the region's own endpoint of STS. */
  endpoint?: string;
}

const KEPT_MS = 12 * 60_000;
/** Credentials are not used when they end sooner than this, milliseconds. */
const MARGIN_MS = 60_000;
/** What EKS asks for; how long the token is good for does not depend on it. */
const EXPIRES_SECONDS = 60;

/**
 * @returns a function that gives a token which is good for at least another minute, and another one than that which
 * a cluster refused
 */
export function createEksToken(options: EksTokenOptions): (refused?: string) => Promise<string> {
  const { cluster, region, credentials, now, dnsSuffix = 'amazonaws.com' } = options;
  const endpoint = new URL(options.endpoint ?? `https://sts.${region}.${dnsSuffix}`);
  let kept: { token: string; until: number } | undefined;

  async function sign(identity: EksCredentials): Promise<string> {
    const signer = new SignatureV4({ service: 'sts', region, sha256: Sha256, credentials: identity });
    const { query } = await signer.presign(
      {
        method: 'GET',
        protocol: endpoint.protocol,
        hostname: endpoint.hostname,
        path: '/',
        query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
        headers: { host: endpoint.host, 'x-k8s-aws-id': cluster },
      },
      {
        expiresIn: EXPIRES_SECONDS,
        signingDate: new Date(now()),
        // EKS adds this header itself, so that a token is good for one cluster.
        unhoistableHeaders: new Set(['x-k8s-aws-id']),
      },
    );
    const parts = Object.entries(query ?? {}).map(
      ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
    );
    const url = `${endpoint.protocol}//${endpoint.host}/?${parts.join('&')}`;
    return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
  }

  return async (refused) => {
    if (kept !== undefined && now() < kept.until && kept.token !== refused) return kept.token;
    const identity = await credentials();
    const token = await sign(identity);
    const end = identity.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
    kept = { token, until: Math.min(now() + KEPT_MS, end - MARGIN_MS) };
    return token;
  };
}
