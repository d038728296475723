/** What every place for backups does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backups } from '../../../functions/ports/backups.ts';

export function backupsContract(
  name: string,
  makeSubject: () => Promise<{ backups: Backups; dispose(): Promise<void> }>,
): void {
  describe(`Backups contract: ${name}`, () => {
    let subject: Awaited<ReturnType<typeof makeSubject>>;
    let backups: Backups;
    beforeAll(async () => {
      subject = await makeSubject();
      backups = subject.backups;
    });
    afterAll(() => subject.dispose());

    async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
      for (const text of texts) yield Buffer.from(text);
    }
    const textOf = async (path: string): Promise<string | undefined> => {
      const content = await backups.read(path);
      return content && Buffer.concat(await Array.fromAsync(content)).toString();
    };

    it('keeps what was written, under its path alone, and says how much that is', async () => {
      expect(await textOf('demo/dev/a/b/one')).toBeUndefined();
      expect(await backups.write('demo/dev/a/b/one', chunksOf('one', ' and', ' more'))).toBe(12);
      await backups.write('demo/dev/a/b/two', chunksOf());
      expect(await textOf('demo/dev/a/b/one')).toBe('one and more');
      expect(await textOf('demo/dev/a/b/two')).toBe('');
    });

    it('replaces a backup whole, and keeps nothing of one that could not be written', async () => {
      const path = 'demo/dev/a/c/one';
      await backups.write(path, chunksOf('before'));
      await backups.write(path, chunksOf('it'));
      expect(await textOf(path)).toBe('it');
      const breaks = async function* () {
        yield Buffer.from('half');
        throw new Error('it breaks');
      };
      await expect(backups.write(path, breaks())).rejects.toThrow('it breaks');
      expect(await textOf(path)).toBe('it');
      await expect(backups.write('demo/dev/a/c/other', breaks())).rejects.toThrow('it breaks');
      expect(await backups.list('demo/dev/a/c/')).toEqual([path]);
    });

    it('lists those below a prefix, and removes one, again without effect', async () => {
      for (const path of ['demo/dev/x/y/2', 'demo/dev/x/y/1', 'demo/dev/x/yy/1', 'demo/dev2/x/y/1'])
        await backups.write(path, chunksOf(path));
      expect(await backups.list('demo/dev/x/y/')).toEqual(['demo/dev/x/y/1', 'demo/dev/x/y/2']);
      expect(await backups.list('demo/none/')).toEqual([]);
      await backups.remove('demo/dev/x/y/1');
      await backups.remove('demo/dev/x/y/1');
      await backups.remove('demo/none/x');
      expect(await backups.list('demo/dev/x/')).toEqual(['demo/dev/x/y/2', 'demo/dev/x/yy/1']);
      expect(await backups.list('demo/dev2/')).toEqual(['demo/dev2/x/y/1']);
    });
  });
}
