/** What every way to databases elsewhere does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseSources } from '../../../functions/ports/database-sources.ts';

export interface SourcesSubject {
  sources: DatabaseSources;
  /** Of a database that can be read, by a server that can not be told from others before it is asked. */
  url: string;
  /** Of one that can not. */
  broken: string;
  password: string;
  dispose(): Promise<void>;
}

export function databaseSourcesContract(name: string, makeSubject: () => Promise<SourcesSubject>): void {
  describe(`DatabaseSources contract: ${name}`, () => {
    let subject: SourcesSubject;
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject?.dispose());
    const read = (url: string, signal = AbortSignal.timeout(30_000)) =>
      Array.fromAsync(subject.sources.read({ url }, signal));

    it('refuses no URL of a server that may be asked, and reads all of the database, as often as it is asked', async () => {
      expect(subject.sources.refusal(subject.url)).toBeUndefined();
      expect(Buffer.concat(await read(subject.url)).length).toBeGreaterThan(0);
      expect(Buffer.concat(await read(subject.url)).length).toBeGreaterThan(0);
    });

    it('says why where it can not, without the password, and ends by its signal', async () => {
      const error = await read(subject.broken).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'import_failed', hint: expect.stringMatching(/\w/) });
      expect((error as Error).message).not.toContain(subject.password);
      const stopped = AbortSignal.abort(new Error('it was stopped'));
      await expect(read(subject.url, stopped)).rejects.toThrow('it was stopped');
    });
  });
}
