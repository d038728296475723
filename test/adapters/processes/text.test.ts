/** Masks, explanations and hosts: the pure parts that hostile input reaches. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  describeExit,
  formatBytes,
  quoteTail,
} from '../../../functions/adapters/processes/programs/explain-exit.ts';
import { maskOf as maskOfSpec } from '../../../functions/adapters/processes/spec-mask.ts';
import { requestHeaders, withoutDomain } from '../../../functions/adapters/router/headers.ts';
import { parseHost, parseWorkloadHost } from '../../../functions/adapters/router/request-host.ts';
import { containerSpec, variable } from '../../contracts/workloads/workloads-spec.ts';
import { expectLinear } from '../../support/cpu.ts';

const maskOf = (...values: string[]) =>
  maskOfSpec({
    containers: [
      containerSpec('', { variables: values.map((value, index) => variable(`V${index}`, value, true)) }),
    ],
  });

describe('masks', () => {
  it('hide values, their lines, their escaped forms and the password of a connection string', () => {
    const mask = maskOf(
      'postgres://role:p%40ssw0rd!@host/db',
      'first-line\nsecond-line',
      'quo"ted-value',
      'a+b (c) [d] $& ^',
    );
    expect(mask('postgres://role:p%40ssw0rd!@host/db')).toBe('••••');
    expect(mask('password p@ssw0rd! or p%40ssw0rd! failed')).toBe('password •••• or •••• failed');
    expect(mask('second-line')).toBe('••••');
    expect(mask('{"x":"quo\\"ted-value"}')).toBe('{"x":"••••"}');
    expect(mask('it is a+b (c) [d] $& ^.')).toBe('it is ••••.');
  });

  it('leave short values and what is not sensitive', () => {
    expect(maskOf('true', '', '12345')('true 12345')).toBe('true 12345');
    const open = maskOfSpec({
      containers: [containerSpec('', { variables: [variable('A', 'not-a-secret')] })],
    });
    expect(open('not-a-secret')).toBe('not-a-secret');
  });

  it('hide secrets that are in no variable, and what libraries make of them', () => {
    const secret = 'pass"wo\\rd é&+';
    const mask = maskOfSpec({ containers: [containerSpec('')], secrets: [secret] });
    const printed = [
      secret,
      JSON.stringify({ secret }),
      JSON.stringify({ secret }).replace('é', '\\u00e9'),
      inspect({ secret }),
      new URLSearchParams({ secret }).toString(),
      Buffer.from(secret).toString('hex'),
      ...['u:', 'us:', 'use:'].map((user) => `Basic ${Buffer.from(user + secret).toString('base64')}`),
      Buffer.from(`${secret}?`).toString('base64url'),
    ];
    for (const line of printed) {
      expect(mask(line), line).toMatch(/••••/);
      expect(mask(line), line).not.toMatch(/wo|JkI|Jkw|d29|cmQ/);
    }
  });

  it('prefer the longer of two that overlap', () => {
    expect(maskOf('secret', 'secret-long')('secret-long')).toBe('••••');
  });
});

describe('explanations', () => {
  it('quote output without colours and control characters', () => {
    expect(quoteTail(['a', '\u001b[31mred\u001b[0m\u0007', '', '  '])).toBe(' Its last output:\na\nred');
    expect(quoteTail([])).toBe(' It printed nothing.');
    expect(quoteTail(Array.from({ length: 9 }, (_, line) => `${line}`)).split('\n')).toHaveLength(7);
  });

  it('tell how it ended', () => {
    expect(describeExit({ code: 3, signal: null }, 'x', 210).why).toBe(
      'exited with code 3 0.2 s after its start',
    );
    expect(describeExit({ code: null, signal: 'SIGSEGV' }, 'x', 0).why).toContain('signal SIGSEGV');
    expect(describeExit({ code: 0, signal: null }, 'x', 0).why).toContain('has to keep running');
    const error = Object.assign(new Error('spawn'), { code: 'EACCES' });
    expect(describeExit({ code: null, signal: null, error }, 'tool', 0).why).toContain(
      '"tool" may not be executed',
    );
    expect(formatBytes(1536)).toBe('1.5 KiB');
  });
});

describe('hosts', () => {
  it.each([
    ['Web.Dev.Demo.LocalHost:4600', 'web.dev.demo.localhost'],
    ['localhost', 'localhost'],
    ['a', 'a'],
  ])('%s reads %s', (header, host) => expect(parseHost(header)).toBe(host));

  it.each([
    undefined,
    '',
    ':80',
    'a:',
    'a:b',
    'a:123456',
    '.a',
    'a.',
    'a..b',
    '-a',
    'a-',
    'a b',
    'a_b',
    '[::1]',
    'a/b',
    'a\n',
    'ä.localhost',
    'x'.repeat(64),
    'a.'.repeat(30),
  ])('%j is none', (header) => expect(parseHost(header)).toBeUndefined());

  it('takes time in proportion to a hostile header', () => {
    for (const unit of ['a-', 'a.', 'a', ':'])
      expectLinear(1_000_000, (size) => parseHost(`${unit.repeat(size / unit.length)}!`));
  });

  it('tells the parts of a workload’s host', () => {
    expect(parseWorkloadHost('web.dev.demo.localhost', 'localhost')).toEqual({
      project: 'demo',
      environment: 'dev',
      service: 'web',
    });
    expect(parseWorkloadHost('x.dns.dev.demo.localhost', 'localhost')).toEqual({
      project: 'demo',
      environment: 'dev',
    });
    expect(parseWorkloadHost('dev.demo.localhost', 'localhost')).toBeUndefined();
    expect(parseWorkloadHost('web.dev.demo.localhost.com', 'localhost')).toBeUndefined();
  });
});

describe('headers', () => {
  it('cookies lose their Domain and nothing else', () => {
    expect(withoutDomain('a=domain; DOMAIN=x; Path=/; Secure')).toBe('a=domain; Path=/; Secure');
    expect(withoutDomain('domain=1; Path=/')).toBe('domain=1; Path=/');
    expect(withoutDomain('a=1;domain;domain =.localhost')).toBe('a=1');
  });

  it('a Connection header can not take away the Host', () => {
    const request = {
      headers: { host: 'h', connection: 'host, x-a' },
      rawHeaders: ['Host', 'h', 'Connection', 'host, x-a', 'X-A', '1', 'X-B', '2'],
      socket: { remoteAddress: '::ffff:10.0.0.1' },
    };
    const headers = requestHeaders(request as unknown as Parameters<typeof requestHeaders>[0]);
    expect(headers.slice(0, 6)).toEqual(['Host', 'h', 'X-B', '2', 'X-Forwarded-For', '10.0.0.1']);
  });
});
