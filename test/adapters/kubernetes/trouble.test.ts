import type { V1ContainerStatus, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import {
  deploymentTrouble,
  isRolledOut,
  pastDeadline,
  podTrouble,
  probeMessage,
} from '../../../functions/adapters/kubernetes/trouble.ts';

const pod = (status: Partial<V1ContainerStatus>, isInit = false): V1Pod => {
  const container = { name: 'main', image: 'x', imageID: '', ready: false, restartCount: 0, ...status };
  return {
    metadata: { name: 'web-1' },
    status: isInit ? { initContainerStatuses: [container] } : { containerStatuses: [container] },
  };
};
const ended = (exitCode: number, reason = 'Error', message?: string) => ({
  terminated: { exitCode, reason, ...(message && { message }) },
});

describe('podTrouble', () => {
  it('the first failed pull may pass, backing off from it does not', () => {
    const waiting = (reason: string) => podTrouble(pod({ state: { waiting: { reason } } }));
    expect(waiting('ErrImagePull')).toMatchObject({ code: 'image_unavailable', final: false });
    expect(waiting('ImagePullBackOff')).toMatchObject({ code: 'image_unavailable', final: true });
  });

  it.each([
    ['unexpected status from HEAD request to http://registry/v2/: 503 Service Unavailable', false],
    ['unexpected status from HEAD request to http://registry/v2/: 429 Too Many Requests', false],
    ['dial tcp 10.0.0.1:443: connect: connection refused', false],
    ['registry/web@sha256:503: not found', true],
    ['unexpected status: 401 Unauthorized', true],
  ])('of a pull that failed with "%s" it is final: %s', (message, final) => {
    const trouble = podTrouble(pod({ state: { waiting: { reason: 'ImagePullBackOff', message } } }));
    expect(trouble).toMatchObject({ code: 'image_unavailable', final });
  });

  it('a pod whose containers were ready when its node fell silent is told so', () => {
    const silent = pod({ ready: true, state: { running: {} } });
    const conditions = [{ type: 'Ready', status: 'False' }];
    const lost = { ...silent, status: { ...silent.status, conditions } };
    expect(podTrouble(lost)?.why).toBe('its node does not answer any more');
    const gated = [{ type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady' }];
    expect(podTrouble({ ...silent, status: { ...silent.status, conditions: gated } })?.why).not.toContain(
      'node',
    );
  });

  it('three crashes are final, and the log is that of the life before', () => {
    const twice = podTrouble(pod({ restartCount: 2, lastState: ended(3) }));
    expect(twice).toMatchObject({ code: 'workload_crashed', final: false, log: { previous: true } });
    const thrice = podTrouble(pod({ restartCount: 2, state: ended(3) }));
    expect(thrice).toMatchObject({ final: true, crashes: 3, log: { previous: false } });
    const putOff = { waiting: { reason: 'CrashLoopBackOff' } };
    const before = podTrouble(pod({ restartCount: 2, state: putOff, lastState: ended(3) }));
    expect(before).toMatchObject({ final: true, crashes: 3, log: { previous: true } });
  });

  it('memory, signals, code 0 and missing programs have their own words', () => {
    expect(podTrouble(pod({ state: ended(137, 'OOMKilled') }))?.why).toContain('memory');
    expect(podTrouble(pod({ state: ended(0, 'Completed') }))?.why).toContain('code 0');
    const missing = podTrouble(pod({ restartCount: 1, state: ended(127, 'StartError', 'no "x" in PATH') }));
    expect(missing).toMatchObject({ final: true, why: expect.stringContaining('no "x" in PATH') });
  });

  it('an init container that is complete is no trouble, one that fails is', () => {
    expect(podTrouble(pod({ state: ended(0, 'Completed') }, true))?.code).toBe('workload_not_ready');
    expect(podTrouble(pod({ state: ended(1) }, true))?.code).toBe('workload_crashed');
  });

  it('a pod of no status is only not there yet', () => {
    expect(podTrouble({})).toMatchObject({ final: false });
  });
});

describe('Deployment', () => {
  const at = (seconds: number): Date => new Date(1_000_000 + seconds * 1000);
  const deployment = (reason: string, updated: number, generation = 2): V1Deployment => ({
    metadata: {
      generation,
      managedFields: [{ manager: 'berth', operation: 'Apply', time: at(100) as never }],
    },
    spec: { progressDeadlineSeconds: 10 } as V1Deployment['spec'] & object,
    status: {
      observedGeneration: 2,
      conditions: [{ type: 'Progressing', status: 'False', reason, lastUpdateTime: at(updated) }],
    },
  });

  it('a deadline that passed before the last apply is not this one’s', () => {
    const now = at(105).getTime();
    expect(pastDeadline(deployment('ProgressDeadlineExceeded', 99), now)).toBe(false);
    expect(pastDeadline(deployment('ProgressDeadlineExceeded', 100), now)).toBe(false);
    expect(pastDeadline(deployment('ProgressDeadlineExceeded', 101), now)).toBe(true);
    expect(pastDeadline(deployment('ProgressDeadlineExceeded', 101, 3), now)).toBe(false);
    // Nothing has moved since, so that the controller says nothing new.
    expect(pastDeadline(deployment('ProgressDeadlineExceeded', 99), at(126).getTime())).toBe(true);
  });

  it('is rolled out when nothing else is left, and by what the controller has seen', () => {
    const status = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
    const given = (changes: object, generation = 1): V1Deployment => ({
      metadata: { generation },
      spec: { replicas: 2 } as V1Deployment['spec'] & object,
      status: { ...status, ...changes },
    });
    expect(isRolledOut(given({}))).toBe(true);
    expect(isRolledOut(given({}, 2))).toBe(false);
    expect(isRolledOut(given({ replicas: 3 }))).toBe(false);
    expect(isRolledOut(given({ availableReplicas: 1 }))).toBe(false);
    expect(isRolledOut(given({ updatedReplicas: 1, replicas: 1, availableReplicas: 1 }))).toBe(false);
  });

  it('pods that can not be made: why, in words', () => {
    const message =
      'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1';
    const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }];
    expect(deploymentTrouble({ status: { conditions } })?.why).toContain('quota is used up');
    expect(deploymentTrouble({ status: {} })).toBeUndefined();
  });
});

it('what the kubelet says of a probe, for people', () => {
  const refused = 'Readiness probe failed: dial tcp 10.1.2.3:8080: connect: connection refused';
  expect(probeMessage(refused, 'it').why).toBe('nothing listens on port 8080, the one that $PORT names');
  const status = 'Readiness probe failed: HTTP probe failed with statuscode: 503';
  expect(probeMessage(status, 'its check GET /up').why).toBe(
    'its check GET /up was answered with status 503',
  );
});
