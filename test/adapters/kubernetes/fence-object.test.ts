import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createKubernetesClient,
  type KubernetesClient,
} from '../../../functions/adapters/kubernetes/api/client.ts';
import {
  changeTracks,
  raiseFence,
  readFence,
  readTracks,
} from '../../../functions/adapters/kubernetes/fence-object.ts';
import type { TrackState } from '../../../functions/adapters/kubernetes/tracks/track-state.ts';

const ref = { project: 'demo', environment: 'dev', service: 'web' };
const NAMESPACE = 'berth-demo-dev';

interface ConfigMap {
  metadata: { name: string; resourceVersion?: string; annotations: Record<string, string> };
}

let server: Server;
let client: KubernetesClient;
/** What another writer does before this writer's next write arrives. */
let between: (() => Promise<void>) | undefined;

/** Config maps as an API server keeps them: one that has changed since is not replaced, unless no version is named. */
beforeEach(async () => {
  const stored = new Map<string, ConfigMap>();
  let version = 0;
  server = createServer(async (request, response) => {
    const answer = (status: number, body: unknown): void =>
      void response.writeHead(status).end(JSON.stringify(body));
    const path = new URL(request.url ?? '', 'http://cluster').pathname;
    const sent = await text(request);
    if (request.method === 'GET') {
      const found = stored.get(path);
      return found ? answer(200, found) : answer(404, { reason: 'NotFound' });
    }
    const other = between;
    between = undefined;
    await other?.();
    const object: ConfigMap = JSON.parse(sent);
    const at = request.method === 'POST' ? `${path}/${object.metadata.name}` : path;
    const present = stored.get(at);
    const expected = object.metadata.resourceVersion;
    if (request.method === 'POST' && present) return answer(409, { reason: 'AlreadyExists' });
    if (expected !== undefined && expected !== present?.metadata.resourceVersion)
      return answer(409, { reason: 'Conflict' });
    object.metadata.resourceVersion = String(++version);
    stored.set(at, object);
    answer(200, object);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = createKubernetesClient({ server: `http://127.0.0.1:${port}` });
});

afterEach(async () => {
  between = undefined;
  client.close();
  await new Promise((resolve) => server.close(resolve));
});

const raise = (fence: number) => raiseFence(client, ref, NAMESPACE, fence);
const fence = () => readFence(client, ref, NAMESPACE);

describe('The fence of a cluster (I5)', () => {
  it('lets in what is as new or newer, and nothing older', async () => {
    expect(await fence()).toBe(0);
    for (const number of [3, 3, 7]) {
      await raise(number);
      expect(await fence()).toBe(number);
    }
    await expect(raise(6)).rejects.toMatchObject({ code: 'fenced', message: expect.stringContaining('7') });
    expect(await fence()).toBe(7);
  });

  it.each([
    ['make', async () => undefined],
    ['raise', () => raise(1)],
  ])('refuses the older of two that %s it at once', async (_how, before) => {
    await before();
    between = () => raise(9);
    await expect(raise(5)).rejects.toMatchObject({ code: 'fenced' });
    expect(await fence()).toBe(9);
    between = () => raise(10);
    await raise(11);
    expect(await fence()).toBe(11);
  });

  it('tracks are changed of the very state that was seen, and by nobody who knows of an older deployment alone', async () => {
    const change = (serving: TrackState['serving'], number?: number) =>
      changeTracks(client, ref, NAMESPACE, (state) => ({ ...state, serving }), number);
    const seen: TrackState[] = [];
    await raise(2);
    between = () => change({ track: 'b', since: 2 });
    await changeTracks(client, ref, NAMESPACE, (state) => {
      seen.push(state);
      return { serving: { ...state.serving, since: 5 } };
    });
    expect(seen.map(({ serving }) => serving.track)).toEqual(['a', 'b']);
    await raise(3);
    const kept = { serving: { track: 'b', since: 5 } };
    expect(await readTracks(client, ref, NAMESPACE)).toEqual(kept);
    await expect(change({ track: 'a', since: 9 }, 2)).rejects.toMatchObject({ code: 'fenced' });
    expect(await readTracks(client, ref, NAMESPACE)).toEqual(kept);
    expect(await fence()).toBe(3);
  });
});
