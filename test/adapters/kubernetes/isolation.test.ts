/** What is made of the words that the pods of a trial end with. */
import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../../functions/adapters/kubernetes/isolation/isolation-outcome.ts';

const call = (rest: string) => `Error calling healthcheck: Head "http://10.0.0.1:80/ping": ${rest}`;
const closed = {
  refused: call('dial tcp 10.0.0.1:80: connect: connection refused'),
  unreachable: call('dial tcp 10.0.0.1:80: connect: no route to host'),
  silent: call('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'),
  unnamed: call('dial tcp: lookup target on 172.20.0.10:53: i/o timeout'),
};
const opened = {
  // A server of Node.js, and an API server that is spoken to without TLS.
  other: 'Bad healthcheck status: 400 Bad Request',
  cut: call('EOF'),
  reset: call('read tcp 10.0.0.2:4711->10.0.0.1:80: read: connection reset by peer'),
  strange: call('net/http: HTTP/1.x transport connection broken: malformed HTTP response'),
};
type Ends = Record<string, string | undefined>;
const pod = (ends: Ends) => ({
  status: {
    containerStatuses: Object.entries(ends).map(([name, message]) => ({
      name,
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state:
        message === undefined
          ? { running: {} }
          : { terminated: { exitCode: message.startsWith('OK') ? 0 : 1, message } },
    })),
  },
});
const OK = 'OK: http://10.0.0.1:8080/ping\n';
const near = { neighbour: OK, names: OK };

describe('The verdict of a trial', () => {
  it.each(Object.entries(closed))('a way that ends %s is shut', (_, message) => {
    expect(verdictOf([pod(near), pod({ pod: message, metadata: message })])).toEqual({ state: 'in_force' });
  });

  it.each([...Object.entries(opened), ['fine', OK]])('a way that is answered, %s, is open', (_, message) => {
    expect(verdictOf([pod(near), pod({ pod: closed.silent, metadata: message })])).toEqual({
      state: 'not_in_force',
      open: ['metadata'],
      shut: [],
    });
  });

  it('is not given before every way was tried', () => {
    expect(verdictOf([pod(near), pod({ pod: OK, metadata: undefined })])).toBeUndefined();
    expect(verdictOf([pod(near), { status: {} }])).toBeUndefined();
  });

  it('names that are not resolved are told, and a neighbour that is not reached comes before them', () => {
    const stranger = pod({ pod: closed.silent });
    expect(verdictOf([pod({ ...near, names: closed.unnamed }), stranger])).toEqual({
      state: 'not_in_force',
      open: [],
      shut: ['names'],
    });
    expect(verdictOf([pod({ neighbour: closed.silent, names: closed.silent }), stranger])).toEqual({
      state: 'not_in_force',
      open: [],
      shut: ['neighbour'],
    });
  });

  it('a program that ends otherwise makes it unknown, never in force', () => {
    expect(verdictOf([pod(near), pod({ pod: 'exec format error' })])).toMatchObject({ state: 'unknown' });
    expect(verdictOf([pod(near), pod({ pod: '' })])).toMatchObject({ state: 'unknown' });
  });
});
