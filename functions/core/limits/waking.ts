/** Budgets of requests that wake environments of a cluster. */
import { KIB, limit } from './limit.ts';

export const wakingLimits = {
  heldRequestsInCluster: limit({
    value: 2_000,
    unit: 'requests',
    of: 'Requests that wait for environments of a cluster to wake',
    each: 'a pod of the activator, of which there are two',
    past: 'One request more is refused.',
    code: 'unavailable',
  }),
  heldRequestsOfEnvironmentInCluster: limit({
    value: 1_000,
    unit: 'requests',
    of: 'Requests that wait for an environment of a cluster to wake',
    each: 'an environment, in a pod of the activator',
    past: 'One request more is refused.',
    code: 'unavailable',
  }),
  heldSecondsInCluster: limit({
    value: 120,
    unit: 'seconds',
    of: 'The time that a request waits for an environment of a cluster to wake, where a node may have to come up first',
    each: 'a request',
    past: 'The request is refused.',
    code: 'unavailable',
  }),
  requestWakes: limit({
    value: 60,
    unit: 'wakes',
    of: 'Wakes by requests in a cluster, of which one comes back each minute',
    each: 'an environment',
    past: 'Requests are refused until one has come back; people wake it as ever.',
    code: 'too_many_requests',
  }),
  wakeToken: limit({
    value: 16 * KIB,
    unit: 'characters',
    of: 'The token of the activator',
    each: 'a request',
    past: 'It is not looked at.',
    code: 'unauthenticated',
  }),
};
