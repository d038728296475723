import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { bodyOf, userOf } from '../../../functions/adapters/containers/container-body.ts';
import { splitFrames } from '../../../functions/adapters/containers/frames.ts';
import { toGateway } from '../../../functions/adapters/containers/network/loopback-values.ts';
import { containerSpec } from '../../contracts/workloads/workloads-spec.ts';

const image = (user?: string) => ({
  entrypoint: [],
  cmd: [],
  env: {},
  workingDir: '/',
  labels: {},
  ...(user !== undefined && { user }),
});

describe('The user of a container', () => {
  it('is never the administrator, whatever the image says', () => {
    for (const named of [undefined, '', 'root', '0', '00', '0:0', 'root:root'])
      expect(userOf(image(named)).id, String(named)).toBeGreaterThan(0);
  });

  it('is the one that the image names otherwise', () => {
    expect(userOf(image('1000:50'))).toEqual({ id: 1000 });
    expect(userOf(image('web'))).toEqual({ id: undefined });
  });
});

describe('A container', () => {
  const body = (extra = {}) =>
    bodyOf('image', ['node', 'main.mjs'], containerSpec(`sha256:${'0'.repeat(64)}`, extra), {
      network: 'net',
      user: { id: 1000 },
      mounts: [],
    }) as { HostConfig: Record<string, unknown> };

  it('may do as little as one can', () => {
    expect(body().HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      NetworkMode: 'net',
      PidsLimit: 512,
    });
  });

  it('has a limit of memory, its own or what it asks for where that is more than the usual', () => {
    const GIB = 1024 ** 3;
    const limitOf = (extra = {}) => body(extra).HostConfig.Memory;
    expect(limitOf()).toBe(GIB / 2);
    expect(limitOf({ requests: { memoryBytes: GIB } })).toBe(GIB);
    expect(limitOf({ limits: { memoryBytes: GIB / 8 } })).toBe(GIB / 8);
  });
});

describe('An address of this machine', () => {
  it('becomes the gateway where a port follows that is relayed, and no other', () => {
    const inside = toGateway([], '10.89.0.1', new Set([5432]));
    expect(inside('postgres://u:p@127.0.0.1:5432/db')).toBe('postgres://u:p@10.89.0.1:5432/db');
    expect(inside('http://127.0.0.1:54321/')).toBe('http://127.0.0.1:54321/');
    expect(inside('http://1127.0.0.1:5432/')).toBe('http://1127.0.0.1:5432/');
    expect(inside('127.0.0.1')).toBe('127.0.0.1');
  });

  it('becomes it alone too, beside a variable that is the port', () => {
    expect(toGateway(['127.0.0.1', '5432'], '10.89.0.1', new Set([5432]))('127.0.0.1')).toBe('10.89.0.1');
  });
});

describe('Output of a container', () => {
  it('is told apart wherever its frames are cut', async () => {
    const frame = (stream: number, words: string): Buffer => {
      const head = Buffer.alloc(8);
      head[0] = stream;
      head.writeUInt32BE(Buffer.byteLength(words), 4);
      return Buffer.concat([head, Buffer.from(words)]);
    };
    const all = Buffer.concat([frame(1, 'out one\n'), frame(2, 'err\n'), frame(1, 'out two\n')]);
    for (const size of [1, 3, 8, all.length]) {
      const source = new PassThrough();
      const { stdout, stderr } = splitFrames(source);
      for (let at = 0; at < all.length; at += size) source.write(all.subarray(at, at + size));
      source.end();
      expect(await Promise.all([text(stdout), text(stderr)])).toEqual(['out one\nout two\n', 'err\n']);
    }
  });
});
