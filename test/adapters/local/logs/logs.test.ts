import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFileLogs } from '../../../../functions/adapters/local/logs/logs.ts';
import type { LogLine } from '../../../../functions/ports/logs.ts';
import { logsContract } from '../../../contracts/logs/logs.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const STREAM = 'demo/dev/web';
const T = Date.UTC(2026, 0, 1);
const line = (message: string): LogLine => ({ at: new Date(T).toISOString(), message, source: 'stdout' });
const numbers = (count: number, start = 0) =>
  Array.from({ length: count }, (_, index) => String(start + index));

logsContract('files', async () => {
  const logs = createFileLogs({ directory: makeDirectory() });
  return { logs, dispose: logs.close };
});

// The joint between tail and live, and between files, under rotation at every few lines.
logsContract('small files', async () => {
  const logs = createFileLogs({ directory: makeDirectory(), maxBytes: 20_000, keep: 1000 });
  return { logs, dispose: logs.close };
});

const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await sleep(5);
};

function setUp(options: { maxBytes?: number; keep?: number; idleMs?: number; followerBytes?: number } = {}) {
  const directory = makeDirectory();
  const logs = createFileLogs({ directory, ...options });
  const messages = async (tail = 10_000) => (await logs.read(STREAM, { tail })).map(({ message }) => message);
  return { directory, stream: join(directory, STREAM), logs, messages };
}

it('Who reads on from what was rotated away is told so, and goes on with the oldest that is kept', async () => {
  const { logs } = setUp({ maxBytes: 20_000 });
  logs.append(STREAM, line('first'));
  const { place } = await logs.reading!.readOn(STREAM, undefined, { lines: 1, bytes: 1 });
  for (const message of numbers(3000)) logs.append(STREAM, line(message));
  const found = await logs.reading!.readOn(STREAM, place, { lines: 10_000, bytes: 1 << 20 });
  expect(found.isCut).toBe(true);
  expect(found.lines.at(-1)?.message).toBe('2999');
  expect(found.lines.length).toBeLessThan(3000);
  // All of it may be forgotten, and the stream begins anew.
  const again = setUp();
  again.logs.append(STREAM, line('anew'));
  for (const gone of ['7.9', '1.9999'])
    expect((await again.logs.reading!.readOn(STREAM, gone, { lines: 9, bytes: 999 })).lines).toEqual([
      line('anew'),
    ]);
  await Promise.all([logs.close(), again.logs.close()]);
});

it('Who is behind reads what is in the files, and does not wait for what is on its way there', async () => {
  const { logs } = setUp();
  for (const message of numbers(3)) logs.append(STREAM, line(message));
  const first = await logs.reading!.readOn(STREAM, undefined, { lines: 1, bytes: 1 });
  logs.append(STREAM, line('later'));
  const second = await logs.reading!.readOn(STREAM, first.place, { lines: 1, bytes: 1 });
  expect(second).toMatchObject({ lines: [line('1')], left: first.left / 2 });
  const rest = await logs.reading!.readOn(STREAM, second.place, { lines: 9, bytes: 999 });
  expect(rest).toMatchObject({ lines: [line('2'), line('later')], left: 0 });
  await logs.close();
});

describe('A stream whose reader is slow', () => {
  it('holds a page of the lines that it begins with, and says that those rotated away meanwhile are missing', async () => {
    const { logs, stream } = setUp({ maxBytes: 20_000 });
    for (const message of numbers(600)) logs.append(STREAM, line(message));
    const lines = logs
      .follow(STREAM, { tail: 1000, signal: AbortSignal.timeout(60_000) })
      [Symbol.asyncIterator]();
    expect((await lines.next()).value?.message).toBe('0');
    for (const message of numbers(3000, 600)) logs.append(STREAM, line(message));
    await until(() => !existsSync(join(stream, '@1.ndjson')));
    const seen: LogLine[] = [];
    while (!seen.some(({ missing }) => missing)) {
      const { done, value } = await lines.next();
      if (done) throw new Error('The stream has ended, and said nothing of what is missing');
      seen.push(value);
    }
    // What was read before is given, without a gap: no more than a page.
    const given = seen.slice(0, -1).map(({ message }) => message);
    expect(given).toEqual(numbers(given.length, 1));
    expect(given.length).toBeLessThanOrEqual(100);
    await lines.return?.();
    await logs.close();
  });
});

describe('log files', () => {
  it('are on the disk soon after the append, without a read or a close, for their owner alone', async () => {
    const { stream, logs } = setUp();
    logs.append(STREAM, line('hello'));
    const path = join(stream, '@1.ndjson');
    await until(() => existsSync(path) && statSync(path).size > 0);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(line('hello'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(stream).mode & 0o777).toBe(0o700);
    await logs.close();
  });

  it('hold all that was appended before the close, and are added to by the next process', async () => {
    const { directory, logs } = setUp();
    for (const message of numbers(100)) logs.append(STREAM, line(message));
    await logs.close();
    logs.append(STREAM, line('too late'));
    const again = createFileLogs({ directory });
    again.append(STREAM, line('100'));
    expect((await again.read(STREAM, { tail: 1000 })).map(({ message }) => message)).toEqual(numbers(101));
    await again.close();
  });

  it('rotate by size, and the oldest go', async () => {
    const { stream, logs, messages } = setUp({ maxBytes: 1000, keep: 3 });
    for (const message of numbers(200)) {
      logs.append(STREAM, line(message));
      if (Number(message) % 7 === 0) await messages(1);
    }
    const got = await messages();
    expect(got).toEqual(numbers(got.length, 200 - got.length));
    const files = readdirSync(stream);
    expect(files).toHaveLength(3);
    for (const file of files) expect(statSync(join(stream, file)).size).toBeLessThanOrEqual(1000);
    await logs.close();
    // A smaller number of files holds from the next start.
    const directory = join(stream, '..', '..', '..');
    const again = createFileLogs({ directory, maxBytes: 1000, keep: 1 });
    again.append(STREAM, line('x'));
    await again.read(STREAM, { tail: 1 });
    expect(readdirSync(stream)).toHaveLength(1);
    await again.close();
  });

  it('say that lines are missing where those since a time were rotated away, or are more bytes than a stream begins with', async () => {
    const at = (second: number) => new Date(T + second * 1000).toISOString();
    const { logs } = setUp({ maxBytes: 1000, keep: 3 });
    for (let second = 0; second < 200; second++) {
      logs.append(STREAM, { ...line(String(second)), at: at(second) });
      await logs.read(STREAM, { tail: 1 });
    }
    const [first, next] = await logs.read(STREAM, { since: at(1) });
    expect(first).toMatchObject({ source: 'berth', missing: true, at: expect.not.stringContaining(at(0)) });
    expect(Date.parse(next?.at ?? '') - Date.parse(first?.at ?? '')).toBe(1);
    expect((await logs.read(STREAM, { since: at(198) })).map(({ message }) => message)).toEqual([
      '198',
      '199',
    ]);
    await logs.close();
    const large = setUp();
    for (let second = 0; second < 600; second++) {
      large.logs.append(STREAM, { ...line(`${second} ${'x'.repeat(16_000)}`), at: at(second) });
      if (second % 20 === 0) await large.messages(1);
    }
    const bounded = await large.logs.read(STREAM, { since: at(0) });
    expect(bounded[0]).toMatchObject({ missing: true });
    expect(bounded.length).toBeLessThan(600);
    expect(await large.logs.read(STREAM, { since: at(590) })).toHaveLength(10);
    await large.logs.close();
  });

  it('take a line that is larger than a file may be', async () => {
    const { logs, messages } = setUp({ maxBytes: 100, keep: 10 });
    const long = 'x'.repeat(5000);
    for (const message of ['a', long, 'b']) logs.append(STREAM, line(message));
    expect(await messages()).toEqual(['a', long, 'b']);
    await logs.close();
  });

  it('read across blocks, whatever the length of lines', async () => {
    const { logs, messages } = setUp();
    const texts = Array.from({ length: 60 }, (_, index) => `${index} ${'ä'.repeat((index * 613) % 8000)}`);
    for (const text of texts) logs.append(STREAM, line(text));
    expect(await messages()).toEqual(texts);
    expect(await messages(7)).toEqual(texts.slice(-7));
    await logs.close();
  });

  it('lose only the line that a crash cut off', async () => {
    const { directory, stream, logs } = setUp();
    logs.append(STREAM, line('whole'));
    await logs.close();
    appendFileSync(join(stream, '@1.ndjson'), '{"at":"2026-01-01T00:00:00.000Z","mess');
    const again = createFileLogs({ directory });
    expect((await again.read(STREAM, { tail: 10 })).map(({ message }) => message)).toEqual(['whole']);
    again.append(STREAM, line('next'));
    expect((await again.read(STREAM, { tail: 10 })).map(({ message }) => message)).toEqual(['whole', 'next']);
    await again.close();
  });

  it('leave nothing of a removal that was interrupted', async () => {
    const directory = makeDirectory();
    mkdirSync(join(directory, '@removed-1-0', 'dev'), { recursive: true });
    const logs = createFileLogs({ directory });
    expect(readdirSync(directory)).toEqual(['@format']);
    await logs.close();
  });

  it.skipIf(!existsSync('/proc/self/fd'))('are closed when a stream is idle, and opened again', async () => {
    const { stream, logs, messages } = setUp({ idleMs: 60 });
    const isOpenIn = (directory: string) =>
      readdirSync('/proc/self/fd').some((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
        } catch {
          return false;
        }
      });
    const isOpen = () => isOpenIn(stream);
    logs.append(STREAM, line('one'));
    expect(await messages()).toEqual(['one']);
    await until(() => !isOpen());
    logs.append(STREAM, line('two'));
    expect(await messages()).toEqual(['one', 'two']);
    await logs.close();
    expect(isOpen()).toBe(false);
    // That it would be seen open: one that is never idle.
    const busy = createFileLogs({ directory: join(stream, '..', 'busy'), idleMs: 3_600_000 });
    busy.append(STREAM, line('three'));
    await until(() => isOpenIn(join(stream, '..', 'busy')));
    await busy.close();
  });

  it('keep every line over many idle times', async () => {
    const { logs, messages } = setUp({ idleMs: 1 });
    for (const message of numbers(100)) {
      logs.append(STREAM, line(message));
      if (Number(message) % 5 === 0) await sleep(2);
    }
    expect(await messages()).toEqual(numbers(100));
    await logs.close();
  });
});

describe('a full disk', () => {
  it.skipIf(!existsSync('/dev/full'))('drops lines, never the caller, and says how many', async () => {
    const { stream, logs, messages } = setUp();
    mkdirSync(stream, { recursive: true });
    const path = join(stream, '@1.ndjson');
    symlinkSync('/dev/full', path);
    const abort = new AbortController();
    const live: string[] = [];
    const following = (async () => {
      for await (const { message } of logs.follow(STREAM, { tail: 1, signal: abort.signal }))
        live.push(message);
    })();
    await sleep(20);
    for (const message of numbers(10)) logs.append(STREAM, line(message));
    expect(await messages()).toEqual([]);
    for (const message of numbers(5, 10)) logs.append(STREAM, line(message));
    // Who reads waits until all that came before was tried to be written.
    expect(await messages()).toEqual([]);
    rmSync(path);
    for (const message of numbers(3, 15)) logs.append(STREAM, line(message));
    expect(await messages()).toEqual([
      '15 lines were dropped here: the disk was full or too slow.',
      ...numbers(3, 15),
    ]);
    const [marker] = await logs.read(STREAM, { tail: 4 });
    expect(marker?.source).toBe('berth');
    // Who follows needs no disk.
    await until(() => live.length === 18);
    expect(live).toEqual(numbers(18));
    abort.abort();
    await following;
    await logs.close();
  });

  it('or a directory that can not be made drops lines too', async () => {
    const { directory, logs, messages } = setUp();
    appendFileSync(join(directory, 'demo'), 'a file in the way');
    logs.append(STREAM, line('lost'));
    await sleep(400);
    rmSync(join(directory, 'demo'));
    logs.append(STREAM, line('kept'));
    expect(await messages()).toEqual(['1 line was dropped here: the disk was full or too slow.', 'kept']);
    await logs.close();
  });

  it('a flood that the disk can not take is bounded and counted', async () => {
    const { logs } = setUp({ maxBytes: 64 << 20 });
    const text = 'x'.repeat(10_000);
    for (let index = 0; index < 1000; index++) logs.append(STREAM, line(text));
    await logs.read(STREAM, { tail: 1 });
    logs.append(STREAM, line('after'));
    const got = await logs.read(STREAM, { tail: 10_000 });
    const marker = got.at(-2);
    expect(marker?.source).toBe('berth');
    expect(Number.parseInt(marker?.message ?? '', 10)).toBe(1000 - (got.length - 2));
    expect(got.at(-1)?.message).toBe('after');
    await logs.close();
  });
});

describe('a slow follower', () => {
  it('costs bounded memory: lines are dropped and it learns how many', async () => {
    const { logs } = setUp({ followerBytes: 10_000 });
    logs.append(STREAM, line('tail'));
    const abort = new AbortController();
    const lines = logs.follow(STREAM, { tail: 1, signal: abort.signal })[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value as LogLine;
    expect((await next()).message).toBe('tail');
    for (const message of numbers(1000)) logs.append(STREAM, line(message));
    const got: LogLine[] = [];
    do got.push(await next());
    while (got.at(-1)?.source !== 'berth');
    const kept = got.length - 1;
    expect(kept).toBeGreaterThan(100);
    expect(kept).toBeLessThan(200);
    expect(got.slice(0, -1).map(({ message }) => message)).toEqual(numbers(kept));
    expect(got.at(-1)?.message).toBe(
      `${1000 - kept} lines were dropped here: they came faster than they were read.`,
    );
    logs.append(STREAM, line('again'));
    expect((await next()).message).toBe('again');
    abort.abort();
    expect((await lines.next()).done).toBe(true);
    await logs.close();
  });

  it('ends when the logs are closed', async () => {
    const { logs } = setUp();
    logs.append(STREAM, line('one'));
    const got: string[] = [];
    const following = (async () => {
      const { signal } = new AbortController();
      for await (const { message } of logs.follow(STREAM, { tail: 1, signal })) got.push(message);
    })();
    await until(() => got.length === 1);
    await logs.close();
    await following;
  });
});

describe('Logs that are told to forget', () => {
  it('keep what is young, within a bound for all together, whoever it was of', async () => {
    const directory = makeDirectory();
    const written: [stream: string, daysAgo: number][] = [
      ['demo/gone/web', 40],
      ['demo/dev/web', 20],
      ['demo/dev/worker', 10],
      ['operations/one', 1],
    ];
    const first = createFileLogs({ directory });
    for (const [stream] of written) first.append(stream, line('x'.repeat(500)));
    await first.close();
    for (const [stream, daysAgo] of written) {
      const then = new Date(Date.now() - daysAgo * 86_400_000);
      utimesSync(join(directory, stream, '@1.ndjson'), then, then);
      utimesSync(join(directory, stream), then, then);
    }
    const logs = createFileLogs({ directory, allBytes: 1200 });
    await logs.forget?.(new Date(Date.now() - 30 * 86_400_000).toISOString());
    const counts = await Promise.all(
      written.map(async ([stream]) => (await logs.read(stream, { tail: 5 })).length),
    );
    expect(counts).toEqual([0, 0, 1, 1]);
    await logs.close();
  });
});
