import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createKubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { execInPod } from '../../../functions/adapters/kubernetes/commands/pod-session.ts';
import { defaultRenderOptions } from '../../../functions/adapters/kubernetes/manifests/index.ts';
import {
  COMPONENT_LABEL,
  DEPLOYMENT_LABEL,
  MANAGED_BY,
  NUMBER_ANNOTATION,
  SERVICE_LABEL,
} from '../../../functions/adapters/kubernetes/manifests/labels.ts';
import { deploymentName } from '../../../functions/adapters/kubernetes/object-names.ts';
import { type Cluster, namespaceOf } from '../../../functions/adapters/kubernetes/shared-reads.ts';
import { codeOf } from '../../contracts/workloads/workloads-spec.ts';

const ref = { project: 'demo', environment: 'dev', service: 'web' };
const request = { command: ['sh', '-c', 'a b'], tty: false };
const render = { ...defaultRenderOptions, domain: 'apps.example.com', scheme: 'https' as const };

/** An API server that has one pod, and what it is asked over the WebSocket for programs in it. */
describe('A program in a pod', () => {
  let server: Server;
  let sockets: WebSocketServer;
  let cluster: Cluster;
  let asked: URL[];
  let isReady: boolean;
  /** The status that an upgrade is answered with instead. */
  let refusal: (token: string) => number | undefined;
  let serve: (socket: WebSocket) => void;
  const tokens = ['first', 'second'];

  beforeEach(async () => {
    asked = [];
    isReady = true;
    refusal = () => undefined;
    serve = (socket) => socket.close();
    sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false });
    server = createServer((incoming, response) => {
      const items = incoming.url?.includes('/deployments')
        ? [deployment()]
        : incoming.url?.includes('/pods')
          ? [pod(isReady)]
          : undefined;
      response.statusCode = items ? 200 : 404;
      response.end(JSON.stringify(items ? { metadata: { resourceVersion: '1' }, items } : {}));
    });
    server.on('upgrade', (incoming, socket, head) => {
      asked.push(new URL(incoming.url ?? '', 'http://cluster'));
      const status = refusal(incoming.headers.authorization?.slice('Bearer '.length) ?? '');
      if (status === undefined) return sockets.handleUpgrade(incoming, socket, head, serve);
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = createKubernetesClient({
      server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: async (refused) => tokens[refused === undefined ? 0 : 1] ?? '',
    });
    cluster = { client, render, hasTracks: false };
  });
  afterEach(async () => {
    cluster.client.close();
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  const namespace = (): string => namespaceOf(cluster, ref);
  const deployment = () => ({
    metadata: {
      name: deploymentName(ref, namespace(), 'a'),
      labels: { [SERVICE_LABEL]: 'web' },
      annotations: { [NUMBER_ANNOTATION]: '3' },
    },
    spec: {
      selector: { matchLabels: { [COMPONENT_LABEL]: 'web' } },
      template: {
        metadata: { labels: { [DEPLOYMENT_LABEL]: '3' } },
        spec: { containers: [{ name: 'main' }, { name: 'other' }] },
      },
    },
  });
  const pod = (ready: boolean) => ({
    metadata: {
      name: 'web-1',
      labels: { [MANAGED_BY]: 'berth', [COMPONENT_LABEL]: 'web', [DEPLOYMENT_LABEL]: '3' },
    },
    spec: { containers: [{ name: 'added-by-others' }, { name: 'main' }, { name: 'other' }] },
    status: { conditions: [{ type: 'Ready', status: String(ready).replace(/^./, (c) => c.toUpperCase()) }] },
  });
  const ending = (status: object) => (socket: WebSocket) => {
    socket.send(Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(status))]));
    socket.close();
  };

  it('is started in the first container of a pod that serves, with its words as they are', async () => {
    serve = ending({ status: 'Success' });
    const { ended } = await execInPod(cluster, ref, request);
    expect(await ended).toEqual({ exitCode: 0 });
    expect(asked[0]?.pathname).toMatch(/\/pods\/web-1\/exec$/);
    expect(asked[0]?.searchParams.getAll('command')).toEqual(request.command);
    expect(asked[0]?.searchParams.get('container')).toBe('main');
  });

  it('reads what is typed and its end, and tells what it prints and its exit code', async () => {
    serve = (socket) => {
      let typed = '';
      socket.on('message', (data: Buffer) => {
        if (data[0] === 0) typed += data.subarray(1);
        if (data[0] !== 255) return;
        socket.send(Buffer.from(`\u0001out ${typed}`));
        socket.send(Buffer.from('\u0002err'));
        const causes = [{ reason: 'ExitCode', message: '7' }];
        ending({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes } })(socket);
      });
    };
    const { stdin, stdout, stderr, ended } = await execInPod(cluster, ref, request);
    stdin.end('typed');
    expect(await ended).toEqual({ exitCode: 7 });
    expect(String(stdout.read())).toBe('out typed');
    expect(String(stderr.read())).toBe('err');
  });

  it('that can not be started says why, and a connection that is lost is no success', async () => {
    serve = ending({ status: 'Failure', reason: 'InternalError', message: 'no such file' });
    const { stderr, ended } = await execInPod(cluster, ref, request);
    expect(await ended).toEqual({ exitCode: 126 });
    expect(String(stderr.read())).toContain('no such file');
    serve = (socket) => socket.terminate();
    expect((await (await execInPod(cluster, ref, request)).ended).exitCode).toBe(137);
  });

  it('is asked for once more with a new token where the one before is refused', async () => {
    refusal = (token) => (token === 'second' ? undefined : 401);
    serve = ending({ status: 'Success' });
    expect(await (await execInPod(cluster, ref, request)).ended).toEqual({ exitCode: 0 });
    expect(asked).toHaveLength(2);
    refusal = () => 401;
    expect(await codeOf(execInPod(cluster, ref, request))).toBe('unavailable');
  });

  it('is refused where no pod is ready, where it has gone, and where Berth may start none', async () => {
    refusal = () => 404;
    expect(await codeOf(execInPod(cluster, ref, request))).toBe('conflict');
    refusal = () => 400;
    expect(await codeOf(execInPod(cluster, ref, request))).toBe('unavailable');
    refusal = () => 403;
    await expect(execInPod(cluster, ref, request)).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('docs/how-to/open-a-shell.md'),
    });
    isReady = false;
    expect(await codeOf(execInPod(cluster, ref, request))).toBe('conflict');
  });

  it('is interrupted when it is closed, and left alone where it goes on all the same', async () => {
    const typed: number[] = [];
    serve = (socket) => {
      socket.on('message', (data: Buffer) => {
        if (data[0] === 0) typed.push(...data.subarray(1));
      });
    };
    const { close, ended } = await execInPod(cluster, ref, { ...request, tty: true });
    close();
    expect(await ended).toEqual({ exitCode: 137 });
    expect(typed).toEqual([3, 4, 4]);
  });

  it('loses nothing of what it prints where that is read slowly and somebody types on', async () => {
    const printed = Buffer.alloc(1000, 'x');
    serve = (socket) => {
      for (let part = 0; part < 400; part++) socket.send(Buffer.concat([Buffer.of(1), printed]));
      ending({ status: 'Success' })(socket);
    };
    const { stdin, stdout, ended } = await execInPod(cluster, ref, request);
    const typing = setInterval(() => stdin.write('typed'), 5);
    let read = 0;
    for await (const chunk of stdout as AsyncIterable<Buffer>) {
      read += chunk.length;
      await sleep(1);
    }
    clearInterval(typing);
    expect(read).toBe(400_000);
    expect(await ended).toEqual({ exitCode: 0 });
  });
});
