/** A body that stops coming, or drips, ends in time. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BODY_MAX_MS, BODY_PAUSE_MS } from '../../../functions/api/http/body.ts';
import { ADMINISTRATOR, createSubject, expectProblem, type Subject, seed } from '../support.ts';

let subject: Subject;
beforeEach(async () => {
  subject = await createSubject();
  await seed(subject);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await subject.close();
});

const turns = async (): Promise<void> => {
  for (let at = 0; at < 20; at++) await new Promise((resolve) => setImmediate(resolve));
};

/** A request whose body goes on as `pull` says; whether its body was given up. */
function send(path: string, type: string, pull: (controller: ReadableStreamDefaultController) => unknown) {
  const given = { up: false };
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array([0x1f])),
    async pull(controller) {
      await pull(controller);
    },
    cancel: () => {
      given.up = true;
    },
  });
  const answer = subject.app.request(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMINISTRATOR}`, 'content-type': type },
    body,
    duplex: 'half',
  } as RequestInit);
  return { answer, given };
}

async function expectTimeout({ answer, given }: ReturnType<typeof send>): Promise<void> {
  const response = await answer;
  const { status, headers } = response;
  const text = await response.text();
  expectProblem({ status, headers, text, body: JSON.parse(text) }, 408, 'request_timeout');
  expect(given.up).toBe(true);
  // A client that is slow is no fault of Berth, so that its log has nothing of it.
  expect(subject.errors).toEqual([]);
}

describe('A body', () => {
  it.each([
    ['/v1/projects', 'application/json'],
    ['/v1/projects/demo/services/guestbook/builds', 'application/gzip'],
    ['/v1/token-exchange', 'application/x-www-form-urlencoded'],
  ])('that stalls is answered with 408 and given up: %s', async (path, type) => {
    const sent = send(path, type, () => new Promise(() => undefined));
    await turns();
    await vi.advanceTimersByTimeAsync(BODY_PAUSE_MS);
    await turns();
    await expectTimeout(sent);
  });

  it('that drips ends as well, unless it is an upload', async () => {
    const drip = () => {
      let sent = 0;
      return async (controller: ReadableStreamDefaultController) => {
        await new Promise((resolve) => setTimeout(resolve, BODY_PAUSE_MS / 2));
        controller.enqueue(new Uint8Array([sent++ % 2]));
        if (sent > 12) controller.close();
      };
    };
    const json = send('/v1/projects', 'application/json', drip());
    const upload = send('/v1/projects/demo/services/guestbook/builds', 'application/gzip', drip());
    for (let at = 0; at < 14; at++) {
      await turns();
      await vi.advanceTimersByTimeAsync(BODY_PAUSE_MS / 2);
    }
    await turns();
    expect(BODY_MAX_MS).toBeLessThan((14 * BODY_PAUSE_MS) / 2);
    await expectTimeout(json);
    expect((await upload.answer).status).toBe(202);
  });
});
