/** The guarantees of all Registries. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Registry, RepositoryRef } from '../../functions/ports/registry.ts';

export interface RegistrySubject {
  registry: Registry;
  /** Adds an image whose content follows from `content`, with `content` as its label `test`. */
  push(repository: RepositoryRef, content: string, tags?: string[]): Promise<string>;
  /** Keeps a manifest under a tag, with the contents of its layers, as cosign does. */
  keep(repository: RepositoryRef, tag: string, manifest: string, blobs: readonly string[]): Promise<void>;
  /** Another registry, where images of others are taken. @returns the name of an image there, whose tag moves with each call */
  external?(content: string): Promise<string>;
  dispose(): Promise<void>;
}

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** A manifest of signatures as cosign writes it. */
function signatureManifest(config: string, layers: { payload: string; signature: string }[]): string {
  const descriptor = (text: string, mediaType: string) => ({
    mediaType,
    digest: digestOf(text),
    size: Buffer.byteLength(text),
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map(({ payload, signature }) => ({
      ...descriptor(payload, 'application/vnd.dev.cosign.simplesigning.v1+json'),
      annotations: { 'dev.cosignproject.cosign/signature': signature },
    })),
  });
}

let names = 0;

export function registryContract(name: string, makeSubject: () => Promise<RegistrySubject>): void {
  describe(`Registry contract: ${name}`, () => {
    let subject: RegistrySubject;
    let registry: Registry;
    beforeAll(async () => {
      subject = await makeSubject();
      registry = subject.registry;
    });
    afterAll(() => subject.dispose());

    const unavailable = expect.objectContaining({ code: 'image_unavailable' });
    const fresh = async (): Promise<RepositoryRef> => {
      const repository = { project: `p${process.pid}-${names++}`, service: 'web' };
      await registry.ensureRepository(repository);
      return repository;
    };

    it('makes a repository once, and again without effect', async () => {
      const repository = await fresh();
      expect(await registry.list(repository)).toEqual([]);
      const digest = await subject.push(repository, 'a');
      await registry.ensureRepository(repository);
      expect(await registry.list(repository)).toEqual([digest]);
    });

    it('makes the same repository many times at once', async () => {
      const repository = { project: `p${process.pid}-${names++}`, service: 'web' };
      await Promise.all(Array.from({ length: 8 }, () => registry.ensureRepository(repository)));
      expect(await registry.list(repository)).toEqual([]);
    });

    it('resolves a digest, a tag and full references to the same image', async () => {
      const repository = await fresh();
      const digest = await subject.push(repository, 'a', ['v1', 'latest']);
      expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      const path = `${repository.project}/web`;
      const image = await registry.resolve(repository, digest);
      expect(image).toMatchObject({ digest, config: { labels: { test: 'a' } } });
      expect(image.size).toBeGreaterThan(0);
      for (const reference of ['v1', path, `${path}:v1`, `${path}@${digest}`, `${path}:v1@${digest}`])
        expect(await registry.resolve(repository, reference), reference).toEqual(image);
    });

    it('gives the same content the same digest, once in the list', async () => {
      const repository = await fresh();
      const first = await subject.push(repository, 'same');
      expect(await subject.push(repository, 'same', ['x'])).toBe(first);
      expect(await subject.push(repository, 'same', ['y'])).toBe(first);
      expect(await registry.list(repository)).toEqual([first]);
      expect((await registry.resolve(repository, 'x')).digest).toBe(first);
    });

    it('keeps an image whose tag has moved on', async () => {
      const repository = await fresh();
      const first = await subject.push(repository, 'one', ['stable']);
      const second = await subject.push(repository, 'two', ['stable']);
      expect((await registry.resolve(repository, 'stable')).digest).toBe(second);
      expect((await registry.resolve(repository, first)).config.labels.test).toBe('one');
      // The digest counts, whatever the tag says by now.
      const both = `${repository.project}/web:stable@${first}`;
      expect((await registry.resolve(repository, both)).digest).toBe(first);
      expect((await registry.list(repository)).sort()).toEqual([first, second].sort());
    });

    it('keeps repositories apart', async () => {
      const [mine, theirs] = [await fresh(), await fresh()];
      const digest = await subject.push(theirs, 'theirs', ['v1']);
      for (const reference of [digest, 'v1', `${theirs.project}/web:v1`, `${theirs.project}/web@${digest}`])
        await expect(registry.resolve(mine, reference), reference).rejects.toEqual(unavailable);
      expect(await registry.list(mine)).toEqual([]);
    });

    it('takes an image of another registry as what its name means now, or refuses it with what helps', async () => {
      const repository = await fresh();
      const name = await subject.external?.('one');
      if (name === undefined) {
        const refused = expect.objectContaining({
          code: 'image_unavailable',
          hint: expect.stringMatching(/\w/),
        });
        await expect(registry.resolve(repository, 'docker.io/library/alpine:3')).rejects.toEqual(refused);
        return;
      }
      const image = await registry.resolve(repository, name);
      expect(image).toMatchObject({ takenFrom: name, config: { labels: { test: 'one' } } });
      await subject.external?.('two');
      expect((await registry.resolve(repository, image.digest)).config.labels.test).toBe('one');
      expect(await registry.list(repository)).toEqual([image.digest]);
      expect((await registry.resolve(repository, name)).config.labels.test).toBe('two');
      expect((await registry.list(repository)).length).toBe(2);
    });

    it('loses no image when many are pushed at once', async () => {
      const repository = await fresh();
      const contents = Array.from({ length: 6 }, (_, index) => `image ${index}`);
      const digests = await Promise.all(
        contents.map((content, index) => subject.push(repository, content, [`t${index}`, 'newest'])),
      );
      expect(new Set(await registry.list(repository))).toEqual(new Set(digests));
      for (const [index, digest] of digests.entries())
        expect((await registry.resolve(repository, `t${index}`)).digest).toBe(digest);
    });

    it('removes a repository with all in it, and again without effect', async () => {
      const repository = await fresh();
      const other = { ...repository, service: 'other' };
      const kept = await subject.push(other, 'kept');
      const digest = await subject.push(repository, 'gone', ['v1']);
      await registry.removeRepository(repository);
      await registry.removeRepository(repository);
      expect(await registry.list(repository)).toEqual([]);
      await expect(registry.resolve(repository, digest)).rejects.toEqual(unavailable);
      await registry.ensureRepository(repository);
      await expect(registry.resolve(repository, 'v1')).rejects.toEqual(unavailable);
      expect(await registry.list(other)).toEqual([kept]);
    });

    it('removes one image with its tags and signatures, leaves others whole, and takes it again', async () => {
      const repository = await fresh();
      const digest = await subject.push(repository, 'one', ['v1', 'latest']);
      const other = await subject.push(repository, 'two', ['v2']);
      const config = JSON.stringify({
        architecture: '',
        os: '',
        config: {},
        rootfs: { type: 'layers', diff_ids: [] },
      });
      const manifest = signatureManifest(config, [{ payload: '{"payload":"one"}', signature: 'c2ln' }]);
      const tag = `${digest.replace(':', '-')}.sig`;
      await subject.keep(repository, tag, manifest, [config, '{"payload":"one"}']);
      await registry.removeImage(repository, digest);
      await registry.removeImage(repository, digest);
      for (const reference of [digest, 'v1', 'latest'])
        await expect(registry.resolve(repository, reference), reference).rejects.toEqual(unavailable);
      expect(await registry.signatures(repository, digest)).toEqual([]);
      expect(await registry.list(repository)).toEqual([other]);
      expect(await registry.resolve(repository, 'v2')).toMatchObject({ digest: other });
      expect(await subject.push(repository, 'one', ['v3'])).toBe(digest);
      expect((await registry.resolve(repository, 'v3')).config.labels.test).toBe('one');
      await registry.removeImage({ ...repository, service: 'none' }, digest);
    });

    it.each([
      '',
      'missing',
      `sha256:${'0'.repeat(64)}`,
      'sha256:',
      'sha256:../../x',
      `sha512:${'0'.repeat(64)}`,
      '../other/web:v1',
      '/etc/passwd',
      'docker.io/library/alpine:latest',
      'evil.example/p/web:v1',
      '@',
      ':',
      'v1@',
      'v1\n',
      'v1\0',
      '-v1',
      '__proto__',
      'x'.repeat(129),
    ])('refuses the reference %j', async (reference) => {
      const repository = await fresh();
      await subject.push(repository, 'a', ['v1']);
      await expect(registry.resolve(repository, reference)).rejects.toEqual(unavailable);
    });

    it('gives the signatures that were pushed beside an image, each with what was signed', async () => {
      const repository = await fresh();
      const digest = await subject.push(repository, 'signed', ['v1']);
      expect(await registry.signatures(repository, digest)).toEqual([]);
      const config = JSON.stringify({
        architecture: '',
        os: '',
        config: {},
        rootfs: { type: 'layers', diff_ids: [] },
      });
      const layers = ['one', 'two'].map((name) => ({
        payload: `{"payload":"${name}"}`,
        signature: `c2ln${name}`,
      }));
      const blobs = [config, ...layers.map(({ payload }) => payload)];
      const tag = `${digest.replace(':', '-')}.sig`;
      await subject.keep(repository, tag, signatureManifest(config, layers), blobs);
      const found = await registry.signatures(repository, digest);
      expect(
        found.map(({ payload, signature }) => ({ payload: Buffer.from(payload).toString(), signature })),
      ).toEqual(layers);
      const other = await subject.push(repository, 'unsigned');
      expect(await registry.signatures(repository, other)).toEqual([]);
      expect((await registry.resolve(repository, 'v1')).digest).toBe(digest);
    });

    it('has no findings of an image that no scan has looked at', async () => {
      const repository = await fresh();
      const digest = await subject.push(repository, 'a');
      expect(await registry.findings(repository, digest)).toBeUndefined();
    });

    it.each([
      ['..', 'web'],
      ['a/b', 'web'],
      ['', 'web'],
      ['p', '../../x'],
      ['P', 'web'],
      ['p\n', 'web'],
    ])('refuses the repository %j/%j', async (project, service) => {
      await expect(registry.ensureRepository({ project, service })).rejects.toThrow();
      await expect(registry.resolve({ project, service }, 'v1')).rejects.toThrow();
      await expect(registry.signatures({ project, service }, `sha256:${'a'.repeat(64)}`)).rejects.toThrow();
      await expect(registry.removeRepository({ project, service })).rejects.toThrow();
      await expect(registry.removeImage({ project, service }, `sha256:${'a'.repeat(64)}`)).rejects.toThrow();
    });
  });
}
