import { describe, expect, it } from 'vitest';
import { Problem } from '../../../functions/core/problem.ts';
import { containerCompute, parseCpu, parseMemory } from '../../../functions/core/score/quantities.ts';

describe('parseCpu', () => {
  it.each([
    ['250m', 0.25],
    ['1000m', 1],
    ['1m', 0.001],
    ['2', 2],
    ['0.24', 0.24],
    ['.5', 0.5],
    ['0', 0],
    ['007', 7],
  ])('%s is %d cores', (text, cores) => {
    expect(parseCpu(text)).toBe(cores);
  });

  it.each([
    '',
    'm',
    '1.',
    '.',
    '-1',
    '+1',
    '1e3',
    '0.5m',
    ' 1',
    '1\n',
    '1 m',
    '1M',
    'Infinity',
    '٣',
    '9'.repeat(10),
    '9'.repeat(400),
  ])('%j is refused', (text) => {
    expect(() => parseCpu(text)).toThrow(Problem);
  });
});

describe('parseMemory', () => {
  it.each([
    ['1', 1],
    ['64Mi', 67_108_864],
    ['128M', 128_000_000],
    ['1K', 1000],
    ['1Ki', 1024],
    ['2G', 2_000_000_000],
    ['1Gi', 1_073_741_824],
    ['1T', 1_000_000_000_000],
    ['1Ti', 1_099_511_627_776],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseMemory(text)).toBe(bytes);
  });

  it.each([
    '',
    '0',
    '064M',
    '-1',
    '1.5G',
    '1MB',
    '1k',
    '1mi',
    '1 Mi',
    '1Mi\n',
    'Mi',
    '1e3',
    '9'.repeat(17),
    '99999T',
    '9'.repeat(400),
  ])('%j is refused', (text) => {
    expect(() => parseMemory(text)).toThrow(Problem);
  });
});

describe('containerCompute', () => {
  it('gives plain numbers, and no keys for what is not said', () => {
    expect(containerCompute({})).toEqual({ limits: {}, requests: {} });
    expect(
      containerCompute({ resources: { limits: { memory: '1Ki' }, requests: { cpu: '1', memory: '1K' } } }),
    ).toEqual({ limits: { memoryBytes: 1024 }, requests: { cpu: 1, memoryBytes: 1000 } });
  });

  it('lowers a request to its limit', () => {
    expect(
      containerCompute({
        resources: { limits: { cpu: '0.24', memory: '128M' }, requests: { cpu: '1000m', memory: '10Gi' } },
      }).requests,
    ).toEqual({ cpu: 0.24, memoryBytes: 128_000_000 });
  });
});
