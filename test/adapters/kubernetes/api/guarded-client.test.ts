import { expect, it } from 'vitest';
import { KubernetesError } from '../../../../functions/adapters/kubernetes/api/api-errors.ts';
import type { KubernetesClient } from '../../../../functions/adapters/kubernetes/api/client.ts';
import { createGuardedClient } from '../../../../functions/adapters/kubernetes/api/guarded-client.ts';
import { Problem, TransientError } from '../../../../functions/core/problem.ts';

function guarded(answer: () => unknown) {
  let time = 0;
  let asked = 0;
  const get = async <T>() => {
    asked++;
    return answer() as T;
  };
  const client = createGuardedClient({ get } as unknown as KubernetesClient, {
    now: () => time,
    restMs: 1_000,
  });
  return {
    /** @returns whether the cluster itself was asked, and how that ended */
    async ask(signal?: AbortSignal) {
      const before = asked;
      const end = await client.get('/', { ...(signal && { signal }) }).then(
        () => 'answered',
        (error: Error) => error.message,
      );
      return [asked > before, end];
    },
    pass: (milliseconds: number) => void (time += milliseconds),
  };
}
const fail = (error: Error) => () => {
  throw error;
};
const silent = new TransientError('The cluster did not answer GET / within 5 s.');
const refused = new Problem('unavailable', 'The cluster can not be reached.', { hint: 'Start it.' });

it('leaves a cluster alone after two calls without an answer, and tells what was seen', async () => {
  for (const error of [silent, refused]) {
    const { ask } = guarded(fail(error));
    expect(await ask()).toEqual([true, error.message]);
    expect(await ask()).toEqual([true, error.message]);
    expect(await ask()).toEqual([false, error.message]);
  }
});

it('tries it again after a while with one call, and goes on once that is answered', async () => {
  let isAway = true;
  const { ask, pass } = guarded(() => isAway && fail(silent)());
  for (let tries = 0; tries < 2; tries++) await ask();
  pass(1_000);
  expect(await ask()).toEqual([true, silent.message]);
  expect(await ask()).toEqual([false, silent.message]);
  isAway = false;
  pass(1_000);
  expect(await ask()).toEqual([true, 'answered']);
  expect(await ask()).toEqual([true, 'answered']);
});

it('takes no answer of a cluster for its absence', async () => {
  for (const error of [
    new KubernetesError(403, {}, 'GET /'),
    new TransientError('The cluster answered 429 (TooManyRequests) to GET /.'),
  ]) {
    const { ask } = guarded(fail(error));
    for (let tries = 0; tries < 4; tries++) expect(await ask()).toEqual([true, error.message]);
  }
});

it('counts a caller who waited in vain, and not one who went away', async () => {
  const gone = new DOMException('The operation was aborted', 'AbortError');
  const late = AbortSignal.abort(new DOMException('Too late', 'TimeoutError'));
  const impatient = guarded(fail(gone));
  for (let tries = 0; tries < 4; tries++) expect((await impatient.ask(AbortSignal.abort()))[0]).toBe(true);
  const waiting = guarded(fail(gone));
  await waiting.ask(late);
  await waiting.ask(late);
  expect(await waiting.ask(late)).toEqual([false, 'The cluster did not answer in time.']);
});
