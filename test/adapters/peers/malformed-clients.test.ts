/** A registry, a cluster and a host of git may answer anything, as may whatever stands between them and Berth. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubernetesClient } from '../../../functions/adapters/kubernetes/api/client.ts';
import { createOciRegistry } from '../../../functions/adapters/oci/registry.ts';
import { fetchGit } from '../../../functions/adapters/source/git.ts';
import { eventually } from '../../contracts/workloads/workloads-spec.ts';
import {
  type AnsweringServer,
  type MalformedAnswer,
  malformedAnswers,
  serveAnswers,
  watchUncaught,
} from './malformed-answers.ts';

const AT_ONCE = 25;
const SECRET = 'the-secret-of-berth';
/** What is well-formed HTTP and no answer of theirs. */
const bodies = [
  '',
  '{',
  'null',
  '[]',
  '1',
  '"x"',
  '{}',
  '{"items":1}',
  '{"items":[]}',
  '{"type":"ADDED"}',
  '<html>',
]
  .flatMap((body) =>
    [200, 202, 204, 301, 302, 307, 401, 403, 404, 405, 409, 429, 500].map((status) => ({ body, status })),
  )
  .map(
    ({ body, status }): MalformedAnswer => ({
      bytes: `HTTP/1.1 ${status} Odd\r\nLocation: http://127.0.0.1:1/\r\nWWW-Authenticate: Bearer realm="x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      end: 'close',
    }),
  );
const answers = [...malformedAnswers(), ...bodies];
const unasked = answers.findIndex(({ bytes }) =>
  bytes.startsWith('HTTP/1.1 101 Unasked\r\nConnection: Upgrade\r\n'),
);
const uncaught = watchUncaught();
let peer: AnsweringServer;

beforeAll(async () => {
  peer = await serveAnswers(answers);
});
afterAll(() => peer.close());

/** Calls for every answer, some at a time; what came of each. */
async function outcomes(call: (at: number) => Promise<unknown>): Promise<PromiseSettledResult<unknown>[]> {
  const found: PromiseSettledResult<unknown>[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < answers.length) {
      const at = next++;
      [found[at]] = (await Promise.allSettled([call(at)])) as [PromiseSettledResult<unknown>];
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return found;
}

/** Every failure is one of those that callers know, in one line, and holds nothing of what was sent. */
function expectClear(found: readonly PromiseSettledResult<unknown>[], names: RegExp): void {
  for (const [at, outcome] of found.entries()) {
    if (outcome.status === 'fulfilled') continue;
    const shown = JSON.stringify(answers[at]).slice(0, 200);
    expect(outcome.reason.name, `${shown}: ${outcome.reason.stack}`).toMatch(names);
    expect(outcome.reason.message, shown).toMatch(/^\S[^\n\r\0]{5,300}$/);
    expect(outcome.reason.message).not.toContain(SECRET);
  }
}

async function expectNothingLeft(): Promise<void> {
  await eventually(
    () => peer.open(),
    (count) => count === 0,
  );
  expect(uncaught).toEqual([]);
}

describe('A registry that does not answer as one', () => {
  const registry = (at: number) =>
    createOciRegistry({
      url: `http://127.0.0.1:${peer.port}`,
      prefix: String(at),
      credentials: { username: 'berth', password: SECRET },
      timeoutMs: 3_000,
      now: Date.now,
    });
  const web = { project: 'demo', service: 'web' };

  it.each<[string, (at: number) => Promise<unknown>]>([
    ['resolve', (at) => registry(at).resolve(web, 'latest')],
    ['list', (at) => registry(at).list(web)],
    ['signatures', (at) => registry(at).signatures(web, `sha256:${'a'.repeat(64)}`)],
    ['removeRepository', (at) => registry(at).removeRepository(web)],
    ['removeImage', (at) => registry(at).removeImage(web, `sha256:${'a'.repeat(64)}`)],
  ])(
    '%s comes to an end with a clear error, whatever it is answered, and leaves nothing',
    async (name, call) => {
      const found = await outcomes(call);
      expectClear(found, /^Berth\.(?:unavailable|image_unavailable)$/);
      if (name === 'resolve') expect(found.filter(({ status }) => status === 'fulfilled')).toEqual([]);
      await expectNothingLeft();
    },
  );

  it('is unavailable when it answers 101, which nobody asked for', async () => {
    await expect(registry(unasked).resolve(web, 'latest')).rejects.toMatchObject({ code: 'unavailable' });
    await expectNothingLeft();
  });
});

describe('A cluster that does not answer as one', () => {
  const connect = () =>
    createKubernetesClient(
      { server: `http://127.0.0.1:${peer.port}`, token: async () => SECRET },
      { timeoutMs: 3_000 },
    );
  let client: ReturnType<typeof connect>;
  beforeAll(() => {
    client = connect();
  });
  afterAll(() => client.close());
  const drain = async (from: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of from);
  };
  const never = new AbortController().signal;

  it.each<[string, (at: number) => Promise<unknown>]>([
    ['get', (at) => client.get(`/${at}`)],
    ['list', (at) => client.list(`/${at}/`)],
    ['call', (at) => client.call('PATCH', `/${at}/`, { body: { a: SECRET } })],
    ['text', (at) => client.text(`/${at}/`)],
    ['lines', (at) => drain(client.lines(`/${at}/`, {}, never))],
    ['watch', (at) => drain(client.watch(`/${at}/`, {}, never))],
  ])(
    '%s comes to an end with a clear error, whatever it is answered, and leaves nothing',
    async (_, call) => {
      expectClear(await outcomes(call), /^(?:Berth\.Transient|Berth\.unavailable|KubernetesError)$/);
      await expectNothingLeft();
    },
  );

  it('is lost when it answers 101, which nobody asked for, at once and each time', async () => {
    for (let turn = 0; turn < 2; turn++)
      await expect(client.call('POST', `/${unasked}/`)).rejects.toThrow(
        '101, which it had not been asked for',
      );
    await expectNothingLeft();
  });
});

describe('A host of git that does not answer as one', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'berth-peers-'));
    // git reaches every host through what answers here.
    process.env.https_proxy = `http://127.0.0.1:${peer.port}`;
  });
  afterAll(async () => {
    delete process.env.https_proxy;
    await rm(directory, { recursive: true, force: true });
  });

  const fetching = (at: number): Promise<unknown> =>
    mkdtemp(join(directory, 'git-')).then((place) =>
      fetchGit(
        {
          url: `https://git.example:${at}/a.git`,
          ref: 'main',
          directory: place,
          signal: new AbortController().signal,
          log: () => undefined,
          onTree: async () => undefined,
        },
        { allowLocal: false, timeoutMs: 3_000, maxBytes: 1e6, lookup: async () => ['192.0.32.8'] },
      ),
    );

  it('makes the source unavailable in one line, on an unasked 101 as well, and leaves nothing', async () => {
    const some = [unasked, ...answers.flatMap((_, at) => (at % 83 === 0 ? [at] : []))];
    for (const at of some) {
      const [outcome] = await Promise.allSettled([fetching(at)]);
      expect(outcome, JSON.stringify(answers[at]).slice(0, 200)).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'source_unavailable',
          message: expect.stringMatching(
            /^The source can not be fetched: git fetch failed: [^\n\r\0]{5,400}$/,
          ),
        },
      });
    }
    await expectNothingLeft();
  }, 60_000);
});
