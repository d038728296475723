/** The guarantees of all Logs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogLine, Logs } from '../../../functions/ports/logs.ts';
import { readerCases } from './logs-reader.ts';

export interface LogsSubject {
  logs: Logs;
  dispose(): Promise<void>;
}

let streams = 0;

export function logsContract(name: string, makeSubject: () => Promise<LogsSubject>): void {
  describe(`Logs contract: ${name}`, () => {
    let subject: LogsSubject;
    let logs: Logs;
    beforeAll(async () => {
      subject = await makeSubject();
      logs = subject.logs;
    });
    afterAll(() => subject.dispose());

    const unique = (): string => `t${process.pid}-${Date.now()}-${streams++}`;
    const T = Date.UTC(2026, 0, 1);
    const at = (offset: number): string => new Date(T + offset).toISOString();
    const line = (message: string, offset = 0): LogLine => ({ at: at(offset), message, source: 'stdout' });
    const messages = async (stream: string, tail = 10_000, since?: string): Promise<string[]> =>
      (await logs.read(stream, { tail, ...(since === undefined ? {} : { since }) })).map(
        ({ message }) => message,
      );

    readerCases(() => ({ ...subject, write: (stream, one) => logs.append(stream, one) }));

    describe('reading on', () => {
      it('gives each line once, from where it was, however the files are', async () => {
        const { reading } = logs;
        if (!reading) return;
        const project = unique();
        const stream = `${project}/dev/web`;
        const seen: string[] = [];
        const touched: string[] = [];
        const end = reading.watch((name) => touched.push(name));
        let place: string | undefined;
        for (const round of [0, 1, 2]) {
          for (let at = 0; at < 400; at++)
            logs.append(stream, line(`${round * 400 + at} ${'x'.repeat(200)}`));
          expect(await reading.streams(project)).toEqual([stream]);
          for (let left = 1; left > 0; ) {
            const most = { lines: 150, bytes: 20_000 };
            const found = await reading.readOn(stream, place, most);
            expect(found.lines.length).toBeLessThanOrEqual(most.lines);
            expect(Buffer.byteLength(JSON.stringify(found.lines))).toBeLessThan(most.bytes + 1000);
            expect(found.isCut).toBeUndefined();
            seen.push(...found.lines.map(({ message }) => message.split(' ', 1)[0] ?? ''));
            ({ place, left } = found);
          }
        }
        expect(seen).toEqual(Array.from({ length: 1200 }, (_, index) => String(index)));
        expect(await reading.readOn(stream, place, { lines: 1, bytes: 1 })).toEqual({
          lines: [],
          place,
          left: 0,
        });
        expect(new Set(touched)).toEqual(new Set([stream]));
        end();
        logs.append(stream, line('more'));
        expect(touched).toHaveLength(1200);
        // So many bytes are behind a place of which nothing is read.
        const { left } = await reading.readOn(stream, place, { lines: 0, bytes: 0 });
        expect(left).toBeGreaterThan(50);
        await expect(reading.readOn(stream, 'nowhere', { lines: 1, bytes: 1 })).rejects.toThrow(RangeError);
      });
    });

    describe('append and read', () => {
      it('gives back lines as they were, in order, at once', async () => {
        const stream = `${unique()}/dev/web`;
        const lines: LogLine[] = [
          { at: at(0), message: 'plain', source: 'stdout' },
          {
            at: at(1),
            message: '\u001b[31mred\u001b[0m \u0000 \r "quoted" \\ \u2028',
            source: 'stderr',
            container: 'main',
          },
          { at: at(1), message: '', source: 'stdout', deployment: 12 },
          { at: at(2), message: 'äöü 🚢', source: 'berth', deployment: 12, container: 'side' },
        ];
        for (const one of lines) logs.append(stream, one);
        expect(await logs.read(stream, { tail: 100 })).toEqual(lines);
      });

      it('finds lines that came late, behind younger ones', async () => {
        const stream = `${unique()}/dev/web`;
        for (const offset of [5000, 3000, 6000, 2000, 7000])
          logs.append(stream, line(String(offset), offset));
        expect(await messages(stream, 10, at(3000))).toEqual(['5000', '3000', '6000', '7000']);
      });

      it('keeps streams apart, also where one lies below the other', async () => {
        const project = unique();
        const all = [
          project,
          `${project}/dev`,
          `${project}/dev/web`,
          `${project}/dev/web2`,
          `${project}/dev/1`,
        ];
        for (const stream of all) logs.append(stream, line(stream));
        for (const stream of all) expect(await messages(stream)).toEqual([stream]);
      });

      it('makes several lines of a message with newlines', async () => {
        const stream = `${unique()}/dev/web`;
        logs.append(stream, { ...line('one\r\n\ntwo\n'), deployment: 3 });
        const got = await logs.read(stream, { tail: 10 });
        expect(got.map(({ message, deployment }) => [message, deployment])).toEqual([
          ['one', 3],
          ['', 3],
          ['two', 3],
        ]);
      });

      it('refuses names that lead elsewhere', async () => {
        for (const stream of [
          '',
          '/',
          'a//b',
          '../a',
          'a/../../b',
          'a/..',
          '.',
          'a/.b',
          'a b',
          'x'.repeat(300),
        ])
          expect(() => logs.append(stream, line('x')), stream).toThrow(RangeError);
      });
    });
  });
}
