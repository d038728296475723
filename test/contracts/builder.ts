/** The guarantees of all Builders. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Builder,
  type BuildRequest,
  type BuildResult,
  type BuildSource,
  UPLOAD_TYPE,
} from '../../functions/ports/builder.ts';
import { type Registry, SCORE_LABEL } from '../../functions/ports/registry.ts';
import { helloFiles, sourceArchive, streamOf, tar } from '../support/files/archive.ts';

export interface BuilderSubject {
  builder: Builder;
  registry: Registry;
  /** Puts a secret where the builder reads it. @returns its version */
  keepSecret(path: string, value: string): Promise<string>;
  /** Largest upload, bytes. */
  sourceMaxBytes: number;
  dispose(): Promise<void>;
}

const repository = { project: 'demo', service: 'hello' };
let operations = 0;

const SCORE = `apiVersion: score.dev/v1b1
metadata:
  name: hello
containers:
  main:
    image: .
    files:
      /etc/motd:
        source: ./etc/motd
      /etc/logo:
        source: etc/logo.bin
`;

export function builderContract(name: string, makeSubject: () => Promise<BuilderSubject>): void {
  describe(`Builder contract: ${name}`, () => {
    let subject: BuilderSubject;
    let builder: Builder;
    beforeAll(async () => {
      subject = await makeSubject();
      builder = subject.builder;
    });
    afterAll(() => subject.dispose());

    const problem = (code: string) => expect.objectContaining({ code, hint: expect.stringMatching(/./) });
    const never = new AbortController().signal;
    const newOperation = (): string => `op${operations++}`;
    const build = (source: BuildSource, log: string[] = [], signal = never, operation = newOperation()) =>
      builder.build({ repository, operation, source }, (line) => log.push(line), signal);
    const save = (archive: Uint8Array) => builder.saveSource(streamOf(archive));
    /** As clients do: to another host, or to the API, which hands it on. */
    async function send(url: string, id: string, archive: Uint8Array<ArrayBuffer>): Promise<void> {
      if (!url.startsWith('http')) return builder.receiveUpload?.(id, streamOf(archive));
      const headers = { 'content-type': UPLOAD_TYPE };
      const answer = await fetch(url, { method: 'PUT', headers, body: archive });
      expect(answer.status).toBe(200);
    }
    async function buildFiles(
      files: Record<string, string>,
      log: string[] = [],
      more: Pick<BuildRequest, 'path' | 'secrets'> = {},
    ): Promise<BuildResult> {
      const { id } = await save(await sourceArchive(files));
      const request = {
        repository,
        operation: newOperation(),
        source: { kind: 'upload', id },
        ...more,
      } as const;
      return builder.build(request, (line) => log.push(line), never).finally(() => builder.removeSource(id));
    }

    describe('Uploads', () => {
      it.each([1, 7, 65_536])('are kept with hash and size, in chunks of %i bytes', async (size) => {
        const archive = await sourceArchive(helloFiles);
        const saved = await builder.saveSource(streamOf(archive, size));
        const sha256 = createHash('sha256').update(archive).digest('hex');
        expect(saved).toEqual({ id: expect.stringMatching(/^[\w-]+$/), sha256, bytes: archive.byteLength });
        await builder.removeSource(saved.id);
      });

      it('are sent to an address that takes them whole, and are built from there', async () => {
        const archive = await sourceArchive(helloFiles);
        const { id, url, expiresAt } = await builder.openUpload(archive.byteLength, 'demo');
        expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
        expect(await builder.hasUpload(id)).toBe(false);
        await expect(build({ kind: 'upload', id })).rejects.toEqual(problem('source_unavailable'));
        await send(url, id, new Uint8Array(archive));
        expect(await builder.hasUpload(id)).toBe(true);
        const { source } = await build({ kind: 'upload', id });
        const sha256 = createHash('sha256').update(archive).digest('hex');
        expect(source).toEqual({ kind: 'upload', sha256, bytes: archive.byteLength });
        await builder.removeSource(id);
        expect(await builder.hasUpload(id)).toBe(false);
      });

      it('that are too large have no address', async () => {
        await expect(builder.openUpload(subject.sourceMaxBytes + 1, 'demo')).rejects.toEqual(
          problem('payload_too_large'),
        );
      });

      it('are apart from one another, though equal', async () => {
        const archive = await sourceArchive(helloFiles);
        const [one, other] = await Promise.all([save(archive), save(archive)]);
        expect(one.id).not.toBe(other.id);
        await builder.removeSource(one.id);
        expect((await build({ kind: 'upload', id: other.id })).digest).toMatch(/^sha256:/);
        await builder.removeSource(other.id);
      });

      it.each([
        ['nothing', Buffer.alloc(0)],
        ['one byte of gzip', Buffer.from([0x1f])],
        ['a zip file', Buffer.from('PK\u0003\u0004rest')],
        ['a plain tar', Buffer.alloc(1024)],
      ])('of %s are refused', async (_, data) => {
        await expect(save(data)).rejects.toEqual(problem('invalid_archive'));
      });

      it('that are too large are refused before they are read to the end', async () => {
        let given = 0;
        let canceled = false;
        const chunk = new Uint8Array(65_536);
        chunk.set([0x1f, 0x8b]);
        const endless = new ReadableStream<Uint8Array>({
          pull(controller) {
            given += chunk.byteLength;
            controller.enqueue(given === chunk.byteLength ? chunk : new Uint8Array(65_536));
          },
          cancel() {
            canceled = true;
          },
        });
        await expect(builder.saveSource(endless)).rejects.toEqual(problem('payload_too_large'));
        expect(given).toBeLessThan(subject.sourceMaxBytes + 4 * 65_536);
        expect(canceled).toBe(true);
      });

      it('whose body fails leave the error', async () => {
        const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('cut off')) });
        await expect(builder.saveSource(broken)).rejects.toThrow('cut off');
      });

      it('are removed once, and again without effect', async () => {
        const { id } = await save(await sourceArchive(helloFiles));
        await builder.removeSource(id);
        await builder.removeSource(id);
        await builder.removeSource('../../etc/passwd');
        await expect(build({ kind: 'upload', id })).rejects.toEqual(problem('source_unavailable'));
      });

      it.each(['', '..', '../x', 'x/../../y', '0'.repeat(32)])(
        'are not found under the id %j',
        async (id) => {
          await expect(build({ kind: 'upload', id })).rejects.toEqual(problem('source_unavailable'));
        },
      );
    });

    describe('Builds', () => {
      it('give an image in the registry, told line by line', async () => {
        const log: string[] = [];
        const archive = await sourceArchive(helloFiles);
        const { id, sha256, bytes } = await save(archive);
        const result = await build({ kind: 'upload', id }, log);
        expect(result).toMatchObject({ source: { kind: 'upload', sha256, bytes }, files: {} });
        expect(result.score).toBeUndefined();
        expect(result.detected).not.toBe('');
        const image = await subject.registry.resolve(repository, result.digest);
        expect([...image.config.entrypoint, ...image.config.cmd].length).toBeGreaterThan(0);
        expect(log.length).toBeGreaterThan(0);
        expect(log.filter((line) => line.includes('\n'))).toEqual([]);
      });

      it('of the same source give the same digest, another time and at the same time', async () => {
        const first = await buildFiles(helloFiles);
        const reordered = Object.fromEntries(Object.entries(helloFiles).reverse());
        const [again, other] = await Promise.all([buildFiles(helloFiles), buildFiles(reordered)]);
        expect([again.digest, other.digest]).toEqual([first.digest, first.digest]);
      });

      it('run again under the same operation', async () => {
        const { id } = await save(await sourceArchive(helloFiles));
        const operation = newOperation();
        const first = await build({ kind: 'upload', id }, [], never, operation);
        expect(await build({ kind: 'upload', id }, [], never, operation)).toEqual(first);
      });

      it('of changed source give another digest', async () => {
        const changed = { ...helloFiles, 'server.js': `${helloFiles['server.js']}// changed` };
        expect((await buildFiles(changed)).digest).not.toBe((await buildFiles(helloFiles)).digest);
      });

      it.each(['score.yaml', 'score.yml'])('hand on %s and the files that it names', async (file) => {
        const files = { ...helloFiles, [file]: SCORE, 'etc/motd': 'Grüße', 'etc/logo.bin': '\u0000\u0001' };
        const result = await buildFiles(files);
        expect(result.score).toBe(SCORE);
        expect(result.files).toEqual({
          './etc/motd': Buffer.from('Grüße').toString('base64'),
          'etc/logo.bin': Buffer.from('\u0000\u0001').toString('base64'),
        });
        const image = await subject.registry.resolve(repository, result.digest);
        expect(image.config.labels[SCORE_LABEL]).toBe(SCORE);
      });

      it.each([
        ['is no Score', 'apiVersion: v1\nkind: Pod\n'],
        ['names a file that is missing', SCORE],
        ['names a file outside', SCORE.replace('./etc/motd', '../../../../etc/passwd')],
        ['names an absolute file', SCORE.replace('./etc/motd', '/etc/passwd')],
        ['names a folder', SCORE.replace('./etc/motd', 'etc')],
        ['is very large', `# ${'x'.repeat(300_000)}\n${SCORE}`],
      ])('are refused when the Score file %s', async (_, score) => {
        const files = { ...helloFiles, 'score.yaml': score, 'etc/logo.bin': 'x' };
        await expect(buildFiles(files)).rejects.toEqual(problem('invalid_score'));
      });

      it('of a folder are of that folder alone, with its Score file', async () => {
        const under = (folder: string, files: Record<string, string>) =>
          Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));
        const files = {
          ...under('services/hello', {
            ...helloFiles,
            'score.yaml': SCORE,
            'etc/motd': 'x',
            'etc/logo.bin': 'y',
          }),
          'services/other/score.yaml': 'no Score file',
          'score.yaml': 'no Score file',
        };
        const result = await buildFiles(files, [], { path: 'services/hello' });
        expect(result).toMatchObject({ score: SCORE, source: { kind: 'upload', path: 'services/hello' } });
        const changed = { ...files, 'services/other/score.yaml': 'changed' };
        expect((await buildFiles(changed, [], { path: 'services/hello' })).digest).toBe(result.digest);
      });

      it('of a folder that the source does not have are refused, naming those that it has', async () => {
        const refused = buildFiles({ ...helloFiles, 'services/api/x': 'x' }, [], { path: 'services/ap' });
        await expect(refused).rejects.toEqual(problem('source_unavailable'));
        await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('"services/api"') });
        const file = buildFiles(helloFiles, [], { path: 'server.js' });
        await expect(file).rejects.toEqual(problem('source_unavailable'));
      });

      it('see the secrets of their project, which are in no line, error or image', async () => {
        const [name, value] = ['NPM_TOKEN', 'npm_0123456789abcdef'];
        const path = '-builds/demo/NPM_TOKEN';
        const version = await subject.keepSecret(path, value);
        const secrets = [{ name, path, version, read: async () => value }];
        const withBuild = (script: string) => ({
          ...helloFiles,
          'package.json': JSON.stringify({ scripts: { build: 'node b.mjs', start: 'node server.js' } }),
          'b.mjs': script,
        });
        const log: string[] = [];
        const seen =
          "if (process.env.NPM_TOKEN.length !== 20) process.exit(1); console.log('is ' + process.env.NPM_TOKEN);";
        const { digest } = await buildFiles(withBuild(seen), log, { secrets });
        expect(log.join('\n')).toMatch(/^is •+$/m);
        const { config } = await subject.registry.resolve(repository, digest);
        const failed = buildFiles(withBuild('throw new Error(process.env.NPM_TOKEN)'), log, { secrets });
        const error = await failed.catch((thrown: Error) => thrown);
        expect(error).toEqual(problem('build_failed'));
        expect(`${(error as Error).message}`).toContain('Error: ••••');
        const left =
          "import { writeFileSync } from 'node:fs'; writeFileSync('.npmrc', process.env.NPM_TOKEN);";
        const leaky = buildFiles(withBuild(left), log, { secrets });
        await expect(leaky).rejects.toThrow(/left its secret NPM_TOKEN in "\.npmrc"/);
        expect(JSON.stringify([config, log, `${error}`])).not.toContain(value);
      });

      it('of nothing that runs are refused', async () => {
        await expect(buildFiles({ 'README.md': 'x' })).rejects.toEqual(problem('nothing_to_run'));
      });

      it.each([
        ['no tar', gzipSync(Buffer.from('x'.repeat(5000)))],
        ['half a gzip file', gzipSync(Buffer.from('x'.repeat(5000))).subarray(0, 30)],
        ['gzip and then noise', Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(5000, 7)])],
      ])('of an archive that is %s are refused', async (_, archive) => {
        const { id } = await save(archive);
        await expect(build({ kind: 'upload', id })).rejects.toEqual(problem('invalid_archive'));
        await builder.removeSource(id);
      });

      it('of an archive that escapes are refused, naming entry and rule', async () => {
        const { id } = await save(gzipSync(await tar([{ name: '../escaped\u202e', content: 'x' }])));
        const refused = build({ kind: 'upload', id });
        await expect(refused).rejects.toEqual(problem('invalid_archive'));
        await expect(refused).rejects.toThrow(/"\.\.\/escaped\\u202e": "\.\." is not allowed/);
        await builder.removeSource(id);
      });

      it.each(['--upload-pack=touch /tmp/x', '-x', 'a..b', 'a b', 'a:b', '', 'a\n'])(
        'from git refuse the ref %j',
        async (ref) => {
          const source = { kind: 'git', url: 'https://git.example/a/b', ref } as const;
          await expect(build(source)).rejects.toEqual(problem('source_unavailable'));
        },
      );

      it.each([
        'http://git.example/a',
        'ext::sh -c "touch /tmp/x"',
        'git@git.example:a/b',
        '--upload-pack=x',
        'https://user:secret@git.example/a',
        'https://127.0.0.1/a',
        'https://[::1]/a',
        'https://[::ffff:127.0.0.1]/a',
        'https://169.254.169.254/latest/meta-data',
        'https://0x7f000001/a',
        'https://localhost/a',
      ])('from git refuse the URL %j', async (url) => {
        await expect(build({ kind: 'git', url, ref: 'main' })).rejects.toEqual(problem('source_unavailable'));
      });

      it('that are canceled end so', async () => {
        const { id } = await save(await sourceArchive(helloFiles));
        await expect(build({ kind: 'upload', id }, [], AbortSignal.abort())).rejects.toEqual(
          problem('canceled'),
        );
        await builder.removeSource(id);
      });
    });
  });
}
