/** Whether a service is whole again, as a game day waits for it and reports it. */
import { expect, it } from 'vitest';
import { isAllReady, replicaCounts } from '../../../functions/ports/rules/workloads/replica-counts.ts';

const web = { desiredReplicas: 1, readyReplicas: 1 };

it('A service is whole once its web and each of its processes are', () => {
  expect(isAllReady(undefined)).toBe(false);
  expect(isAllReady(web)).toBe(true);
  expect(isAllReady({ ...web, readyReplicas: 0 })).toBe(false);
  expect(isAllReady({ ...web, processes: { worker: { desiredReplicas: 2, readyReplicas: 1 } } })).toBe(false);
  expect(isAllReady({ ...web, processes: { worker: web } })).toBe(true);
  // What one has too many, while it is replaced, makes up for none of another.
  const more = { ...web, readyReplicas: 2, processes: { worker: { desiredReplicas: 1, readyReplicas: 0 } } };
  expect(isAllReady(more)).toBe(false);
  expect(replicaCounts(more)).toEqual({ desired: 2, ready: 1 });
});
