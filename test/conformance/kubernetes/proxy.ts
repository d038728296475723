/** A proxy in front of a real API server, in which requests and watches can fail as they do over a network. */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { loadKubeconfig } from '../../../functions/adapters/kubernetes/api/kubeconfig.ts';
import type { TestCluster } from '../support/cluster.ts';

export interface Asked {
  method: string;
  /** The path with its query. */
  path: string;
  isWatch: boolean;
  token: string;
}

/**
 * What becomes of a request: `forward`; a status of Kubernetes without asking; `lose`, which asks and then cuts the
 * connection; `cut`, which does not even ask; for watches also `twice`, each event two times, and `none`, no event.
 */
export type Fault = 'forward' | 'lose' | 'cut' | 'twice' | 'none' | { status: number; reason: string };

export interface ClusterProxy {
  url: string;
  asked: Asked[];
  stop(): Promise<void>;
}

export async function startClusterProxy(
  { kubeconfig }: TestCluster,
  decide: (asked: Asked) => Fault,
): Promise<ClusterProxy> {
  const { server: target, ca, token } = await loadKubeconfig(kubeconfig);
  const asked: Asked[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    const body = await buffer(request);
    const isWatch = path.includes('watch=true');
    const one = {
      method,
      path,
      isWatch,
      token: request.headers.authorization?.slice('Bearer '.length) ?? '',
    };
    asked.push(one);
    const fault = decide(one);
    if (fault === 'cut') return void response.destroy();
    if (typeof fault === 'object') {
      const status = { kind: 'Status', status: 'Failure', code: fault.status, reason: fault.reason };
      response.writeHead(fault.status, { 'content-type': 'application/json' });
      return void response.end(JSON.stringify({ ...status, details: { kind: 'namespaces' } }));
    }
    const { connection: _, host: __, ...headers } = request.headers;
    const send = target.startsWith('https:') ? httpsRequest : httpRequest;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const forwarded = send(target + path, {
        method,
        ...(ca && { ca }),
        headers: { ...headers, ...(bearer && { authorization: `Bearer ${bearer}` }) },
      });
      forwarded.on('response', resolve).on('error', reject).end(body);
      response.on('close', () => forwarded.destroy());
    });
    if (fault === 'lose') {
      await buffer(answer);
      return void response.destroy();
    }
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    if (fault !== 'twice' && fault !== 'none') return void answer.pipe(response);
    response.flushHeaders();
    for await (const line of createInterface({ input: answer }))
      if (fault === 'twice') response.write(`${line}\n${line}\n`);
    response.end();
  }

  const bearer = await token?.();
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
