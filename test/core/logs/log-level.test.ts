import { describe, expect, it } from 'vitest';
import { isAtLeast, type LogLevel, levelOf } from '../../../functions/core/logs/log-level.ts';
import { expectLinear } from '../../support/cpu.ts';

const lines: [string, LogLevel | undefined][] = [
  ['{"level":"info","msg":"up"}', 'info'],
  ['{"level":30,"time":1,"msg":"pino"}', 'info'],
  ['{"level":50,"msg":"pino"}', 'error'],
  ['{"severity":"WARNING","message":"gcp"}', 'warn'],
  ['{"log.level":"error"}', 'error'],
  ['{"levelname": "CRITICAL"}', 'fatal'],
  ['{"@l":"Debug","@m":"serilog"}', 'debug'],
  ['{"level":"shout"}', undefined],
  ['{"level":7}', undefined],
  ['{"msg":"ERROR in text"}', undefined],
  ['{"__proto__":"error"}', undefined],
  ['{"level":"error"', undefined],
  ['  {"level":"error"}', 'error'],
  ['time=2026-01-01T00:00:00Z level=warn msg="logfmt"', 'warn'],
  ['ts=1 lvl=dbug', undefined],
  ['ts=1 lvl="info" x', 'info'],
  ['2026-01-01 00:00:00,123 ERROR [main] com.example.App - boom', 'error'],
  ['2026-01-01T00:00:00.000Z [WARN] slow', 'warn'],
  ['[error] nginx', 'error'],
  ['INFO:     Uvicorn running', 'info'],
  ['WARNING:root:python', 'warn'],
  ['warning: unused variable', 'warn'],
  ['npm ERR! code E404', 'error'],
  ['E0102 15:04:05.678 1 reflector.go:1] failed', 'error'],
  ['W0102 15:04:05.678 1 reflector.go:1] old', 'warn'],
  ['<3>kernel: broken', 'error'],
  ['<14>app: fine', 'info'],
  ['<999>x', undefined],
  ['\u001b[31mERROR\u001b[0m red', 'error'],
  ['\u001b[32m[info]\u001b[39m green', 'info'],
  ['TypeError: x is not a function', 'error'],
  ['Uncaught RangeError: far', 'error'],
  ['java.lang.NullPointerException', undefined],
  ['NullPointerException: no', 'error'],
  ['Traceback (most recent call last):', 'error'],
  ['    at Module._compile (node:internal/modules/cjs/loader:1554:14)', 'error'],
  ['    at file:///app/index.js:3:7', 'error'],
  ['\tat com.example.App.main(App.java:7)', 'error'],
  ['\t... 12 more', 'error'],
  ['Caused by: java.io.IOException: gone', 'error'],
  ['  File "/app/main.py", line 3, in <module>', 'error'],
  ["  code: 'ECONNREFUSED',", 'error'],
  ['  errno: -111,', 'error'],
  ['  port: 5432', 'error'],
  ['code: 5', undefined],
  ['  path: to enlightenment', undefined],
  ['    at noon we close', undefined],
  ['  ... and 3 files', undefined],
  ['(node:12) DeprecationWarning: old', 'warn'],
  ['(node:12) [DEP0040] DeprecationWarning: old', 'warn'],
  ['panic: runtime error', 'fatal'],
  ['FATAL:  role "x" does not exist', 'fatal'],
  ['LOG:  database system is ready', 'info'],
  ['GET /errors 200', undefined],
  ['an error in the middle', undefined],
  ['Errors: none', undefined],
  ['I feel FINE today', undefined],
  ['', undefined],
  ['   ', undefined],
];

describe('The level of a line', () => {
  it.each(lines)('%j is %s', (line, level) => expect(levelOf(line)).toBe(level));

  it('is looked for near the beginning alone', () => {
    expect(levelOf(`${'x '.repeat(100)}ERROR late`)).toBeUndefined();
  });

  it('is told fast of hostile lines', () => {
    for (const text of ['[', '<1', '\u001b[', '{"a":', 'A', ' A', 'level=', '((((', '{'.repeat(9)])
      expectLinear(262_144, (size) => levelOf(text.repeat(size / text.length)));
  });

  it('orders them', () => {
    expect(isAtLeast('error', 'warn')).toBe(true);
    expect(isAtLeast('warn', 'warn')).toBe(true);
    expect(isAtLeast('info', 'warn')).toBe(false);
  });
});
