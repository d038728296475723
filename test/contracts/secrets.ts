/** The guarantees of all Secrets. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Secrets } from '../../functions/ports/secrets.ts';

export interface SecretsSubject {
  secrets: Secrets;
  dispose(): Promise<void>;
}

let names = 0;

export function secretsContract(name: string, makeSubject: () => Promise<SecretsSubject>): void {
  describe(`Secrets contract: ${name}`, () => {
    let subject: SecretsSubject;
    let secrets: Secrets;
    beforeAll(async () => {
      subject = await makeSubject();
      secrets = subject.secrets;
    });
    afterAll(() => subject.dispose());

    const unique = (): string => `t${process.pid}-${Date.now()}-${names++}`;

    it.each<[string, string]>([
      ['nothing', ''],
      ['one character', 'x'],
      ['Unicode', 'ключ 🔑 ä\u0301 \u{10ffff} \ufeff'],
      ['NUL and control characters', 'a\u0000b\r\n\t\u001b[31m\u0000'],
      ['JSON and quotes', '{"a": "\\"", \'b\': `${c}`}'],
      ['a PEM block', `-----BEGIN X-----\n${'QUJD\n'.repeat(40)}-----END X-----\n`],
      ['64 KiB', 'x'.repeat(64 * 1024)],
      ['64 KiB in two-byte characters', 'ä'.repeat(32 * 1024)],
    ])('gives back a value as it was put: %s', async (_, value) => {
      const path = `${unique()}/dev/env/KEY`;
      const version = await secrets.put(path, value);
      expect(await secrets.get(path)).toBe(value);
      expect(await secrets.get(path, version)).toBe(value);
    });

    it('refuses values over 64 KiB, counted in bytes, and half a surrogate pair', async () => {
      const path = `${unique()}/dev/env/KEY`;
      for (const value of ['x'.repeat(64 * 1024 + 1), 'ä'.repeat(32 * 1024 + 1)])
        await expect(secrets.put(path, value)).rejects.toMatchObject({ code: 'payload_too_large' });
      await expect(secrets.put(path, 'secret\ud83d')).rejects.toMatchObject({ code: 'invalid_request' });
      expect(await secrets.get(path)).toBeUndefined();
    });

    it.each(['', '/', 'a//b', '/a', 'a/', 'a\nb', 'a\u0000', 'x'.repeat(600)])(
      'refuses the path %j',
      async (path) => {
        await expect(secrets.put(path, 'value')).rejects.toThrow(RangeError);
      },
    );

    it('knows nothing of a secret or version that was not put', async () => {
      const path = `${unique()}/dev/env/KEY`;
      expect(await secrets.get(path)).toBeUndefined();
      await secrets.put(path, 'value');
      expect(await secrets.get(path, 'no-such-version')).toBeUndefined();
      for (const odd of ['__proto__', 'constructor', 'toString']) {
        expect(await secrets.get(odd)).toBeUndefined();
        expect(await secrets.get(path, odd)).toBeUndefined();
      }
    });

    it('keeps every version; the newest is the current one', async () => {
      const path = `${unique()}/dev/env/KEY`;
      const versions: string[] = [];
      for (const value of ['one', 'two', 'one']) versions.push(await secrets.put(path, value));
      expect(new Set(versions).size).toBe(3);
      expect(await secrets.get(path)).toBe('one');
      expect(await Promise.all(versions.map((version) => secrets.get(path, version)))).toEqual([
        'one',
        'two',
        'one',
      ]);
    });

    it('a put repeated with its version id changes nothing, also when a newer version came between', async () => {
      const path = `${unique()}/dev/env/KEY`;
      expect(await secrets.put(path, 'one', { versionId: 'v-1' })).toBe('v-1');
      expect(await secrets.put(path, 'one', { versionId: 'v-1' })).toBe('v-1');
      await secrets.put(path, 'two', { versionId: 'v-2' });
      expect(await secrets.put(path, 'one', { versionId: 'v-1' })).toBe('v-1');
      expect(await secrets.get(path)).toBe('two');
      const other = `${unique()}/dev/env/KEY`;
      await secrets.put(other, 'other', { versionId: 'v-1' });
      expect(await secrets.get(path, 'v-1')).toBe('one');
      expect(await secrets.get(other, 'v-1')).toBe('other');
    });

    it('a revoked version is gone for good, the others stay', async () => {
      const path = `${unique()}/dev/env/KEY`;
      const [one, two] = [await secrets.put(path, 'one'), await secrets.put(path, 'two')];
      await secrets.revoke(path, one);
      await secrets.revoke(path, one);
      expect(await secrets.get(path, one)).toBeUndefined();
      expect(await secrets.get(path)).toBe('two');
      await secrets.put(path, 'one', { versionId: one });
      expect(await secrets.get(path, one)).toBeUndefined();
      expect(await secrets.get(path)).toBe('two');
      expect(await secrets.get(path, two)).toBe('two');
    });

    it('when the current version is revoked, no older one takes its place', async () => {
      const path = `${unique()}/dev/env/KEY`;
      await secrets.put(path, 'one');
      await secrets.revoke(path, await secrets.put(path, 'two'));
      expect(await secrets.get(path)).toBeUndefined();
      await secrets.put(path, 'three');
      expect(await secrets.get(path)).toBe('three');
    });

    it('revoking or removing what is not there is no error', async () => {
      const path = `${unique()}/dev/env/KEY`;
      await secrets.revoke(path, 'no-such-version');
      await secrets.remove(path);
      expect(await secrets.get(path)).toBeUndefined();
    });

    it('removes a secret with all its versions, and no other; it can be put anew', async () => {
      const project = unique();
      const [path, near] = [`${project}/dev/env/KEY`, `${project}/dev/env/KEY2`];
      const version = await secrets.put(path, 'one');
      await secrets.put(path, 'two');
      await secrets.put(near, 'near');
      await secrets.remove(path);
      expect(await secrets.get(path)).toBeUndefined();
      expect(await secrets.get(path, version)).toBeUndefined();
      expect(await secrets.get(near)).toBe('near');
      await secrets.put(path, 'three');
      expect(await secrets.get(path)).toBe('three');
      expect(await secrets.get(path, version)).toBeUndefined();
    });

    it('lists paths in order under a prefix, which ends with a segment', async () => {
      const project = unique();
      const paths = ['dev/env/B', 'dev/env/A', 'dev/postgres/password', 'dev2/env/A', 'de/x'].map(
        (path) => `${project}/${path}`,
      );
      for (const path of paths) await secrets.put(path, 'value');
      const list = async (prefix: string) =>
        (await secrets.list(`${project}${prefix}`)).map((path) => path.slice(project.length + 1));
      expect(await list('/dev/')).toEqual(['dev/env/A', 'dev/env/B', 'dev/postgres/password']);
      expect(await list('/dev')).toEqual(['dev/env/A', 'dev/env/B', 'dev/postgres/password']);
      expect(await list('/dev/env/A')).toEqual(['dev/env/A']);
      expect(await list('')).toHaveLength(5);
      expect(await list('/none')).toEqual([]);
      await secrets.remove(`${project}/dev/env/A`);
      expect(await list('/dev/env')).toEqual(['dev/env/B']);
    });

    it('concurrent puts all count, each as a version', async () => {
      const path = `${unique()}/dev/env/KEY`;
      const values = Array.from({ length: 20 }, (_, index) => `value ${index}`);
      const versions = await Promise.all(values.map((value) => secrets.put(path, value)));
      expect(new Set(versions).size).toBe(20);
      expect(await Promise.all(versions.map((version) => secrets.get(path, version)))).toEqual(values);
      expect(values).toContain(await secrets.get(path));
    });
  });
}
