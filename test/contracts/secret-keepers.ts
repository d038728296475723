/** The guarantees of all places where secrets are kept that are not Berth's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretKeeperName } from '../../functions/core/secrets/secret-source.ts';
import type { SecretKeeper } from '../../functions/ports/secret-keepers.ts';

export interface SecretKeeperSubject {
  keeper: SecretKeeper;
  from: SecretKeeperName;
  /** Adds a version of an entry, as its owner does. @returns how it is referred to, and the version */
  put(name: string, value: Record<string, unknown>): Promise<{ entry: string; version: string }>;
  /** Takes a version away, or its whole entry. */
  forget(entry: string, version: string): Promise<void>;
  /** The name of an entry that is there, and that Berth may not read. */
  forbidden?(name: string): Promise<string>;
  /** A version that no entry has. */
  noVersion: string;
  dispose(): Promise<void>;
}

let names = 0;

export function secretKeeperContract(name: string, makeSubject: () => Promise<SecretKeeperSubject>): void {
  describe(`Secret keepers contract: ${name}`, () => {
    let subject: SecretKeeperSubject;
    beforeAll(async () => {
      subject = await makeSubject();
    }, 900_000);
    afterAll(() => subject?.dispose());

    const unique = (): string => `shop/t${process.pid}-${Date.now()}-${names++}`;
    const source = (entry: string, key = 'password') => ({ from: subject.from, entry, key });
    const unavailable = (why: RegExp) =>
      expect.objectContaining({ code: 'secret_unavailable', message: expect.stringMatching(why) });

    it('pins the newest version, and reads that one also when there are newer ones', async () => {
      const at = unique();
      const first = await subject.put(at, { password: 'one', user: 'shop' });
      const { keeper } = subject;
      expect(await keeper.pin(source(first.entry))).toBe(first.version);
      const second = await subject.put(at, { password: 'two' });
      expect(await keeper.pin(source(second.entry))).toBe(second.version);
      expect(await keeper.read({ ...source(first.entry), version: first.version })).toBe('one');
      expect(await keeper.read({ ...source(first.entry), version: second.version })).toBe('two');
    });

    it('pins the version that is named', async () => {
      const at = unique();
      const first = await subject.put(at, { password: 'one' });
      await subject.put(at, { password: 'two' });
      expect(await subject.keeper.pin({ ...source(first.entry), version: first.version })).toBe(
        first.version,
      );
    });

    it.each([
      ['Unicode', 'ключ 🔑 "\\\n'],
      ['nothing', ''],
      ['a number', 12.5],
      ['a boolean', false],
    ])('gives a member as it is: %s', async (_, value) => {
      const { entry, version } = await subject.put(unique(), { password: value });
      expect(await subject.keeper.read({ ...source(entry), version })).toBe(String(value));
    });

    it('says by name what is not there: entry, version, key, or text in it', async () => {
      const { entry } = await subject.put(unique(), { password: 'one', list: ['x'] });
      const { keeper, noVersion } = subject;
      await expect(keeper.pin(source(`${entry}x`))).rejects.toEqual(unavailable(/is not there/));
      await expect(keeper.pin({ ...source(entry), version: noVersion })).rejects.toEqual(
        unavailable(/no version/),
      );
      await expect(keeper.pin(source(entry, 'passwort'))).rejects.toEqual(unavailable(/no such key/));
      await expect(keeper.pin(source(entry, 'list'))).rejects.toEqual(unavailable(/no text/));
      for (const odd of ['__proto__', 'constructor', 'toString'])
        await expect(keeper.pin(source(entry, odd))).rejects.toEqual(unavailable(/no such key/));
    });

    it('no error has a value in it', async () => {
      const { entry } = await subject.put(unique(), {
        password: 'sesame-open',
        other: { deep: 'sesame-open' },
      });
      const errors = await Promise.all(
        ['passwort', 'other'].map((key) =>
          subject.keeper.pin(source(entry, key)).then(
            () => 'none',
            (error: Error) =>
              `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`,
          ),
        ),
      );
      expect(errors.join()).not.toContain('sesame-open');
    });

    it('a version that is gone is gone, and no other takes its place', async () => {
      const at = unique();
      const { entry, version } = await subject.put(at, { password: 'one' });
      await subject.put(at, { password: 'two' });
      await subject.forget(entry, version);
      expect(await subject.keeper.read({ ...source(entry), version })).toBeUndefined();
    });

    it('what Berth may not read is told from what is not there', async () => {
      const entry = await subject.forbidden?.(unique());
      if (entry === undefined) return;
      await expect(subject.keeper.pin(source(entry))).rejects.toEqual(unavailable(/may not read/));
    });
  });
}
