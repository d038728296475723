/** Gateway API's own definitions: fetched while the stacks are deployed, and taken only as they were when pinned. */
import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import type { ClusterObject } from './cluster-objects.ts';

/** The version that the gateway is built for, as a Go module has it too. */
export const GATEWAY_API = 'sigs.k8s.io/gateway-api@v1.6.3';

/** SHA-256 of each file: of the kinds that the gateway waits for. */
export const gatewayApiFiles: Readonly<Record<string, string>> = {
  'gateway.networking.k8s.io_backendtlspolicies.yaml':
    'd9824b82db284bdea67d2eb0297952be51e0e7a394f02daef0d6f3fefa5d01c0',
  'gateway.networking.k8s.io_gatewayclasses.yaml':
    'd32070cb6930273a07c5ca183135712b1918cc140c6d9b6cef441cdf0e562345',
  'gateway.networking.k8s.io_gateways.yaml':
    '905c89d8fefaab9088bf9d0a8d47ebd7ec4e653a914d4bfaa575a7716f07a828',
  'gateway.networking.k8s.io_grpcroutes.yaml':
    'a96b307008290c194ad346f9bb9346dd560c12e4d4e7dfbdbe7d2fb5e812d62e',
  'gateway.networking.k8s.io_httproutes.yaml':
    'a89d17ff5ed060fa0eac015524f9252bb291f616412c13ac8cb952ed9c25c5ad',
  'gateway.networking.k8s.io_referencegrants.yaml':
    'ff8db85aaacc91fb4096975afb5782540572bf2f04842a258094cd7f50c7f38a',
  'gateway.networking.k8s.io_tlsroutes.yaml':
    'b9277b755ee0f33dd245d3497ba842922ff2e2efe5070b0911e58d072d55ed9c',
};

const SECONDS = 30;

/** @throws Error naming the file that can not be had, or is another one */
async function definition(url: string, name: string, digest: string): Promise<ClusterObject> {
  const at = `${url.replace(/\/$/, '')}/${name}`;
  const response = await fetch(at, { signal: AbortSignal.timeout(SECONDS * 1000) }).catch((error: Error) => {
    throw new Error(`${at} can not be fetched: ${error.message}. Set berth:gatewayApi to a mirror of it.`);
  });
  if (!response.ok)
    throw new Error(`${at} was answered with ${response.status}. Set berth:gatewayApi to a mirror of it.`);
  const text = Buffer.from(await response.arrayBuffer());
  const found = createHash('sha256').update(text).digest('hex');
  if (found !== digest)
    throw new Error(`${at} is not what it is to be: its SHA-256 is ${found}, not ${digest}.`);
  return parse(text.toString('utf8')) as ClusterObject;
}

/** @param url the folder that has the files */
export const fetchGatewayApi = (url: string): Promise<ClusterObject[]> =>
  Promise.all(Object.entries(gatewayApiFiles).map(([name, digest]) => definition(url, name, digest)));
