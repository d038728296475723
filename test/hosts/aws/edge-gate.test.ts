/** The HTTP API answers its edge alone. */
import { describe, expect, it } from 'vitest';
import { closedToOthers } from '../../../functions/hosts/aws/edge-gate.ts';

const KEY = 'e'.repeat(48);

describe('The HTTP API', () => {
  const gate = closedToOthers(KEY, (event: { headers?: object; rawPath: string }) => ({
    answered: event,
  }));
  const ask = (headers?: object) => gate({ rawPath: '/v1/me', ...(headers && { headers }) });

  it('answers what comes by the edge, and hands the key to nobody', () => {
    const headers = { 'x-forwarded-for': '192.0.2.7', 'x-berth-edge': KEY };
    expect(ask(headers)).toEqual({
      answered: { rawPath: '/v1/me', headers: { 'x-forwarded-for': '192.0.2.7' } },
    });
  });

  it.each([
    ['no key', {}],
    ['no headers', undefined],
    ['another key', { 'x-berth-edge': `${KEY}e` }],
    ['an empty one', { 'x-berth-edge': '' }],
    ['two of them', { 'x-berth-edge': `${KEY},${KEY}` }],
  ])('answers nothing else, whatever address it claims: %s', (_what, headers) => {
    const answer = ask(headers && { 'x-forwarded-for': '192.0.2.7', ...headers });
    expect(answer).toMatchObject({
      statusCode: 403,
      headers: { 'content-type': 'application/problem+json' },
    });
    expect(JSON.parse('body' in answer ? answer.body : '')).toMatchObject({
      code: 'forbidden',
      instance: '/v1/me',
    });
  });

  it('is open to nobody where it was given no key', () => {
    for (const key of [undefined, '', 'short']) {
      expect(() => closedToOthers(key, () => undefined)).toThrow(RangeError);
    }
  });
});
