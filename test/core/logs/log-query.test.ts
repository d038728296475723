import { describe, expect, it } from 'vitest';
import { levelOf } from '../../../functions/core/logs/log-level.ts';
import { LogQueryError, parseLogQuery } from '../../../functions/core/logs/log-query.ts';

const lines = {
  slow: '{"level":"warn","msg":"Slow query","took":180,"http":{"status":200,"path":"/cart"},"tags":["db","Slow"]}',
  broke: '{"level":"error","msg":"checkout broke","http":{"status":503},"user.id":"7"}',
  health: 'INFO health check is ok',
  plain: 'checkout of cart 7: "done"',
};

function found(
  query: string,
  more: { deployment?: number; service?: string; source?: string } = {},
): string[] {
  const isFound = parseLogQuery(query);
  return Object.entries(lines).flatMap(([name, message]) =>
    isFound({ message, source: 'stdout', level: () => levelOf(message), ...more }) ? [name] : [],
  );
}

describe('A search of lines', () => {
  it('finds words in any order and phrases as they stand, in capitals or not', () => {
    expect(found('CHECKOUT')).toEqual(['broke', 'plain']);
    expect(found('cart checkout')).toEqual(['plain']);
    expect(found('"checkout of"')).toEqual(['plain']);
    expect(found('"of checkout"')).toEqual([]);
    expect(found('"\\"done\\""')).toEqual(['plain']);
    expect(found('user@example.com')).toEqual([]);
  });

  it('joins by AND and OR, AND first, and takes away by a sign', () => {
    expect(found('slow OR health AND ok')).toEqual(['slow', 'health']);
    expect(found('(slow OR health) check')).toEqual(['health']);
    expect(found('checkout -cart')).toEqual(['broke']);
    expect(found('-(checkout OR slow)')).toEqual(['health']);
    expect(found('--health')).toEqual(['health']);
    expect(found('health-check')).toEqual([]);
  });

  it('asks a JSON line for its fields, by value, sign and range', () => {
    expect(found('@http.status:503')).toEqual(['broke']);
    expect(found('@http.status:>=200')).toEqual(['slow', 'broke']);
    expect(found('@http.status:<500')).toEqual(['slow']);
    expect(found('@took:100..200')).toEqual(['slow']);
    expect(found('@took:181..200')).toEqual([]);
    expect(found('@msg:"slow query"')).toEqual(['slow']);
    expect(found('@tags:slow')).toEqual(['slow']);
    expect(found('@user.id:7')).toEqual(['broke']);
    expect(found('@http:200')).toEqual([]);
    expect(found('@constructor.name:Object')).toEqual([]);
    expect(found('-@http.status:200')).toEqual(['broke', 'health', 'plain']);
  });

  it('asks about the line itself', () => {
    expect(found('@level:error')).toEqual(['broke']);
    expect(found('@level:>=warn')).toEqual(['slow', 'broke']);
    expect(found('@level:<warn')).toEqual(['health']);
    expect(found('@deployment:12 health', { deployment: 12 })).toEqual(['health']);
    expect(found('@deployment:>12', { deployment: 12 })).toEqual([]);
    expect(found('@service:web broke', { service: 'web' })).toEqual(['broke']);
    expect(found('@source:stderr', { source: 'stdout' })).toEqual([]);
  });

  it.each([
    ['"open', 'The quotation mark at 1 has no end.'],
    ['a AND', 'A term is missing at the end.'],
    ['OR a', 'A term is missing before "OR".'],
    ['(a', '")" is missing at the end.'],
    ['a)', 'There is a ")" without a "(" before it.'],
    ['-', 'A term is missing at the end.'],
    ['@level:loud', '"loud" is no level; levels are trace, debug, info, warn, error, fatal.'],
    ['@took:>slow', '"slow" is compared by >, and is no number.'],
    [`${'('.repeat(30)}a`, 'It is nested deeper than 20 levels.'],
    [' ', 'A term is missing at the end.'],
  ])('refuses %j, and says why', (query, why) => {
    expect(() => parseLogQuery(query)).toThrow(new LogQueryError(why));
  });

  it('takes time in proportion to its length, whatever it is', () => {
    for (const part of ['-', '(', '"a', '@a:', 'a ', '\\'])
      for (const text of [part.repeat(1_000 / part.length), `"${part.repeat(400)}`])
        try {
          found(text);
        } catch (error) {
          expect(error).toBeInstanceOf(LogQueryError);
        }
  });
});
