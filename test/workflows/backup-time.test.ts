/** What copying data throws when its call is over, or has to wait. */
import { expect, it } from 'vitest';
import { Problem, TransientError } from '../../functions/core/problem.ts';
import { ResourcePending } from '../../functions/resources/type.ts';
import { inTime, settled } from '../../functions/workflows/backup/subject.ts';
import { StillProgressing } from '../../functions/workflows/step.ts';

it('Whatever fails once the time of a call is over says that it goes on; before that it is what it is', async () => {
  const call = new AbortController();
  const lost = new TransientError('Connection terminated');
  await expect(inTime(call.signal, () => Promise.reject(lost))).rejects.toBe(lost);
  call.abort(new TransientError('The step needs more time than one invocation has'));
  for (const error of [lost, call.signal.reason, new Error('aborted')])
    await expect(inTime(call.signal, () => Promise.reject(error))).rejects.toBeInstanceOf(StillProgressing);
  const canceled = new Problem('canceled', 'It was canceled.', { hint: 'Start it again.' });
  await expect(inTime(AbortSignal.abort(canceled), () => Promise.reject(lost))).rejects.toBe(canceled);
});

it('What is pending is tried again, or looked at by a later call where the step has those', async () => {
  const pending = () => Promise.reject(new ResourcePending('It is being made.'));
  await expect(settled(pending)).rejects.toMatchObject({ name: 'Berth.Transient' });
  await expect(settled(pending, StillProgressing)).rejects.toBeInstanceOf(StillProgressing);
});
