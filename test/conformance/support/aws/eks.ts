/**
 * What EKS is in front of a cluster: who calls is known by a token that holds a signed request to STS. EKS sends
 * that request, with the cluster's name, and lets through whom STS knows; here the STS is Moto's, and who is let
 * through is an account of the cluster.
 */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../tls.ts';

export interface EksOptions {
  /** Name of the cluster. */
  cluster: string;
  region: string;
  /** Where STS is played. */
  sts: string;
  /** The API server behind it. */
  server: string;
  ca: string;
  /** The account that AWS's identities are mapped to. */
  token: string;
  certificate: Certificate;
}

export interface Eks {
  url: string;
  /** Signed requests that STS was asked about. */
  verified: number;
  stop(): Promise<void>;
}

const PREFIX = 'k8s-aws-v1.';

export async function startEks(options: EksOptions): Promise<Eks> {
  const { cluster, region, sts, server, ca, token, certificate } = options;
  const known = new Map<string, Promise<boolean>>();

  /** Whether STS says who has signed. */
  async function ask(bearer: string): Promise<boolean> {
    if (!bearer.startsWith(PREFIX)) return false;
    const signed = new URL(Buffer.from(bearer.slice(PREFIX.length), 'base64url').toString());
    const expected = signed.host === `sts.${region}.amazonaws.com` && signed.protocol === 'https:';
    const named = signed.searchParams.get('X-Amz-SignedHeaders')?.split(';') ?? [];
    if (!expected || !named.includes('x-k8s-aws-id')) return false;
    // Moto finds the service in this header alone; what it answers comes from the signed query.
    const credential = signed.searchParams.get('X-Amz-Credential');
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`;
    const headers = { 'x-k8s-aws-id': cluster, authorization };
    const answer = await fetch(`${sts}/${signed.search}`, { headers });
    return answer.ok && (await answer.text()).includes('GetCallerIdentityResult');
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const bearer = incoming.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const verifying = known.get(bearer) ?? ask(bearer).catch(() => false);
    known.set(bearer, verifying);
    if (!(await verifying)) return void response.writeHead(401).end('{"kind":"Status","code":401}');
    const { method, url = '/', headers } = incoming;
    const { host: _, ...rest } = headers;
    const outgoing = httpsRequest(
      new URL(url, server),
      { method, ca, headers: { ...rest, authorization: `Bearer ${token}` } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
      },
    );
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  const [cert, key] = await Promise.all([readFile(certificate.certificate), readFile(certificate.key)]);
  const front = createServer({ cert, key }, (incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => front.listen(0, 'localhost', resolve));
  return {
    url: `https://localhost:${(front.address() as AddressInfo).port}`,
    get verified() {
      return known.size;
    },
    async stop() {
      front.closeAllConnections();
      await new Promise<void>((resolve) => front.close(() => resolve()));
    },
  };
}
