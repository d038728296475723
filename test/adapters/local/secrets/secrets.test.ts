import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createSecretsFile } from '../../../../functions/adapters/local/secrets/secrets.ts';
import { seal, unseal } from '../../../../functions/adapters/local/secrets/secrets-format.ts';
import { createEffects } from '../../../../functions/adapters/system/effects.ts';
import { Problem } from '../../../../functions/core/problem.ts';
import { secretsContract } from '../../../contracts/secrets.ts';
import { temporaryDirectories } from '../../../support/files/temporary.ts';

const makeDirectory = temporaryDirectories();
const effects = createEffects();
const filesIn = (directory: string) => ({
  path: join(directory, 'secrets'),
  keyPath: join(directory, 'secrets.key'),
});
const open = (directory: string) => createSecretsFile({ ...filesIn(directory), effects });

secretsContract('encrypted file', async () => {
  const secrets = await open(makeDirectory());
  return { secrets, dispose: secrets.close };
});

describe('the secrets file', () => {
  it('keeps everything over a restart', async () => {
    const directory = makeDirectory();
    const first = await open(directory);
    const one = await first.put('demo/dev/env/A', 'one');
    await first.put('demo/dev/env/A', 'two');
    await first.put('demo/dev/env/B', 'gone');
    const revoked = await first.put('demo/dev/env/C', 'revoked');
    await first.put('demo/dev/env/D', 'kept');
    await first.revoke('demo/dev/env/D', await first.put('demo/dev/env/D', 'revoked'));
    await first.remove('demo/dev/env/B');
    await first.revoke('demo/dev/env/C', revoked);
    // First the file is not closed, as after a crash. Then it is closed, which removes deleted secrets from the file.
    for (const round of ['crashed', 'closed', 'again']) {
      const secrets = await open(directory);
      expect(await secrets.get('demo/dev/env/A'), round).toBe('two');
      expect(await secrets.get('demo/dev/env/A', one), round).toBe('one');
      expect(await secrets.get('demo/dev/env/B'), round).toBeUndefined();
      expect(await secrets.get('demo/dev/env/C', revoked), round).toBeUndefined();
      expect(await secrets.get('demo/dev/env/D'), round).toBeUndefined();
      await secrets.put('demo/dev/env/C', 'revoked', { versionId: revoked });
      expect(await secrets.get('demo/dev/env/C'), round).toBeUndefined();
      expect(await secrets.list('demo/dev'), round).toHaveLength(3);
      await secrets.close();
    }
  });

  it('holds no plain value, nor the same text for the same value', async () => {
    const directory = makeDirectory();
    const secrets = await open(directory);
    const value = 'correct horse battery staple';
    for (const path of ['demo/dev/env/A', 'demo/dev/env/B']) await secrets.put(path, value);
    await secrets.close();
    const { path, keyPath } = filesIn(directory);
    const content = readFileSync(path);
    const key = readFileSync(keyPath, 'utf8').trim();
    for (const form of [
      value,
      key,
      ...(['base64', 'base64url', 'hex'] as const).map((to) => Buffer.from(value).toString(to)),
    ])
      expect(content.includes(form)).toBe(false);
    const data = content.toString().match(/"data":"[^"]+"/g) ?? [];
    expect(data).toHaveLength(2);
    expect(data[0]).not.toBe(data[1]);
  });

  it('loses what was revoked or removed from the disk too, soon after', async () => {
    const directory = makeDirectory();
    const { path } = filesIn(directory);
    const secrets = await open(directory);
    const dataOf = () => readFileSync(path, 'utf8').match(/"data":"[^"]*"/g) ?? [];
    await secrets.put('demo/dev/env/A', 'removed');
    const version = await secrets.put('demo/dev/env/B', 'revoked');
    await secrets.put('demo/dev/env/C', 'kept');
    const before = dataOf();
    expect(before).toHaveLength(3);
    await secrets.remove('demo/dev/env/A');
    await secrets.revoke('demo/dev/env/B', version);
    for (let waited = 0; waited < 5000 && dataOf().length > 1; waited += 50) await sleep(50);
    expect(dataOf()).toEqual(before.slice(2));
    expect(await secrets.get('demo/dev/env/C')).toBe('kept');
    await secrets.put('demo/dev/env/D', 'after');
    expect(await secrets.get('demo/dev/env/D')).toBe('after');
    await secrets.close();
    const again = await open(directory);
    expect(await again.list('')).toEqual(['demo/dev/env/B', 'demo/dev/env/C', 'demo/dev/env/D']);
    await again.close();
  });

  it('cut off at any byte of its last line loses that line alone, and goes on', async () => {
    const lastLines: ((secrets: Awaited<ReturnType<typeof open>>) => Promise<unknown>)[] = [
      (secrets) => secrets.put('demo/dev/env/B', 'unfinished'),
      (secrets) => secrets.remove('demo/dev/env/A'),
      (secrets) => secrets.revoke('demo/dev/env/A', 'v1'),
    ];
    for (const last of lastLines) {
      const source = makeDirectory();
      const { path } = filesIn(source);
      const secrets = await open(source);
      await secrets.put('demo/dev/env/A', 'kept', { versionId: 'v1' });
      const start = statSync(path).size;
      await last(secrets);
      const content = readFileSync(path);
      expect(content.length).toBeGreaterThan(start);
      const directory = makeDirectory();
      copyFileSync(filesIn(source).keyPath, filesIn(directory).keyPath);
      for (let length = start; length < content.length; length++) {
        for (const tail of [Buffer.alloc(0), Buffer.alloc(content.length - length)]) {
          writeFileSync(filesIn(directory).path, Buffer.concat([content.subarray(0, length), tail]));
          const cut = await open(directory);
          expect(await cut.get('demo/dev/env/A')).toBe('kept');
          expect(await cut.list('')).toEqual(['demo/dev/env/A']);
          // Each write syncs the disk: that it goes on is tried at some of the places.
          const goesOn = length % 8 === 0;
          if (goesOn) await cut.put('demo/dev/env/C', 'new');
          await cut.close();
          if (!goesOn) continue;
          const again = await open(directory);
          expect(await again.get('demo/dev/env/A')).toBe('kept');
          expect(await again.get('demo/dev/env/C')).toBe('new');
          await again.close();
        }
      }
      await secrets.close();
    }
  });

  it('a rewrite that a crash interrupted leaves the old content, and no litter', async () => {
    const directory = makeDirectory();
    const { path } = filesIn(directory);
    const first = await open(directory);
    await first.put('demo/dev/env/A', 'kept');
    await first.close();
    writeFileSync(`${path}.tmp`, readFileSync(path).subarray(0, 70));
    const second = await open(directory);
    expect(await second.get('demo/dev/env/A')).toBe('kept');
    expect(readdirSync(directory).sort()).toEqual(['secrets', 'secrets.key']);
    await second.close();
  });

  it('damaged in the middle, it is refused and left as it is', async () => {
    const directory = makeDirectory();
    const { path } = filesIn(directory);
    const first = await open(directory);
    for (const name of ['A', 'B', 'C']) await first.put(`demo/dev/env/${name}`, name);
    await first.close();
    const content = readFileSync(path);
    const second = content.indexOf(10) + 1;
    for (const position of [second + 3, second + 60, second + 150]) {
      const damaged = Buffer.from(content);
      damaged[position] = (damaged[position] ?? 0) ^ 1;
      writeFileSync(path, damaged);
      const error: unknown = await open(directory).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Problem);
      expect(error).toMatchObject({ code: 'unavailable' });
      expect((error as Problem).message).toContain(`damaged at byte ${second}`);
      expect(readFileSync(path).equals(damaged)).toBe(true);
    }
    for (const length of [0, 1, second - 1]) {
      writeFileSync(path, content.subarray(0, length));
      await expect(open(directory)).rejects.toMatchObject({ code: 'unavailable' });
    }
  });

  it('does not pass one secret off as another: swapped lines and values are noticed', async () => {
    const directory = makeDirectory();
    const { path } = filesIn(directory);
    const first = await open(directory);
    await first.put('demo/dev/env/A', 'value a', { versionId: 'v' });
    await first.put('demo/prod/env/A', 'value b', { versionId: 'v' });
    await first.put('demo/prod/env/B', 'value c', { versionId: 'v' });
    await first.close();
    const content = readFileSync(path, 'utf8');
    writeFileSync(path, content.replace('demo/prod/env/A', 'demo/test/env/A'));
    await expect(open(directory)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('binds a value to its path and version, whatever line it stands in', () => {
    const keys = { values: randomBytes(32), lines: randomBytes(32) };
    const line = seal(keys, 'demo/dev/env/A', 'v1', 'value');
    expect(unseal(keys, line)).toBe('value');
    for (const other of [{ path: 'demo/dev/env/B' }, { version: 'v2' }])
      expect(() => unseal(keys, { ...line, ...other })).toThrow();
  });

  it('is noticed when it is damaged while it is in use', async () => {
    const directory = makeDirectory();
    const { path } = filesIn(directory);
    const secrets = await open(directory);
    await secrets.put('demo/dev/env/A', 'value');
    const content = readFileSync(path);
    content[content.length - 5] = (content[content.length - 5] ?? 0) ^ 1;
    writeFileSync(path, content);
    await expect(secrets.get('demo/dev/env/A')).rejects.toMatchObject({ code: 'unavailable' });
    await secrets.close();
  });
});

describe('the key file', () => {
  it('is made once, and readable by its owner alone, as is the secrets file', async () => {
    const directory = join(makeDirectory(), 'new');
    const { path, keyPath } = filesIn(directory);
    await (await open(directory)).close();
    const key = readFileSync(keyPath, 'utf8');
    expect(statSync(keyPath).mode & 0o777).toBe(0o600);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await (await open(directory)).close();
    expect(readFileSync(keyPath, 'utf8')).toBe(key);
  });

  it('made by two at once is the same for both', async () => {
    const directory = makeDirectory();
    const [one, two] = [{ ...filesIn(directory) }, { ...filesIn(directory), path: join(directory, 'other') }];
    const all = await Promise.all([one, two].map((files) => createSecretsFile({ ...files, effects })));
    for (const secrets of all) await secrets.close();
    for (const files of [one, two]) await (await createSecretsFile({ ...files, effects })).close();
  });

  it('that others may read is closed to them', async () => {
    const directory = makeDirectory();
    const { keyPath } = filesIn(directory);
    await (await open(directory)).close();
    chmodSync(keyPath, 0o644);
    await (await open(directory)).close();
    expect(statSync(keyPath).mode & 0o777).toBe(0o600);
  });

  it('when wrong, missing or damaged gives a clear error, and nothing is overwritten', async () => {
    const directory = makeDirectory();
    const { path, keyPath } = filesIn(directory);
    const first = await open(directory);
    await first.put('demo/dev/env/A', 'value');
    await first.close();
    const [content, key] = [readFileSync(path), readFileSync(keyPath, 'utf8')];

    const messageOf = async (): Promise<string> => {
      const error: unknown = await open(directory).catch((reason: unknown) => reason);
      if (!(error instanceof Problem)) throw new Error(`no problem but ${String(error)}`);
      expect(error.code).toBe('unavailable');
      expect(error.hint).toContain('Put back the key file');
      expect(error.message).not.toContain(key.trim());
      return error.message;
    };
    writeFileSync(keyPath, `${'A'.repeat(42)}B\n`);
    expect(await messageOf()).toContain('holds no key');
    writeFileSync(keyPath, `${Buffer.alloc(32, 7).toString('base64url')}\n`);
    expect(await messageOf()).toContain('key does not belong');
    writeFileSync(keyPath, key.slice(0, 20));
    expect(await messageOf()).toContain('holds no key');
    rmSync(keyPath);
    expect(await messageOf()).toContain('is missing');
    expect(existsSync(keyPath)).toBe(false);

    expect(readFileSync(path).equals(content)).toBe(true);
    writeFileSync(keyPath, key, { mode: 0o600 });
    const again = await open(directory);
    expect(await again.get('demo/dev/env/A')).toBe('value');
    await again.close();
  });

  it('a path that can not be used gives a clear error', async () => {
    const directory = makeDirectory();
    mkdirSync(filesIn(directory).path);
    await expect(open(directory)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
