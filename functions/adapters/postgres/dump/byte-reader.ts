/** Reads parts of known size, and lines, from chunks of any size. */
import { limits } from '../../../core/limits.ts';
import { CopyFailed } from '../../../ports/rules/copy-failed.ts';

export interface ByteReader {
  /** @throws CopyFailed where there are fewer, or more are asked for than a statement may have */
  read(bytes: number): Promise<Buffer>;
  /** With its line feed; undefined at the end. @throws CopyFailed where it is too long */
  line(): Promise<Buffer | undefined>;
}

/** @throws CopyFailed, to who reads, where all of it is more than an import may have */
export function createByteReader(
  chunks: AsyncIterable<Uint8Array>,
  { ofAll, ofPart } = { ofAll: limits.importText.value, ofPart: limits.importStatement.value },
): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let total = 0;
  async function more(): Promise<boolean> {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return false;
      total += value.length;
      if (total > ofAll) throw new CopyFailed(`The dump has more than ${ofAll} bytes of text.`);
      if (value.length === 0) continue;
      rest = Buffer.from(value.buffer, value.byteOffset, value.length);
      return true;
    }
  }
  /** @param sizeOf how many bytes of what is left belong to it; undefined for all, and for more that come */
  async function take(
    sizeOf: (taken: number) => number | undefined,
  ): Promise<{ bytes: Buffer; whole: boolean }> {
    const parts: Buffer[] = [];
    for (let taken = 0; ; ) {
      const size = sizeOf(taken);
      const part = rest.subarray(0, size ?? rest.length);
      parts.push(part);
      taken += part.length;
      rest = rest.subarray(part.length);
      if (taken > ofPart)
        throw new CopyFailed(`The dump has a statement or a row of more than ${ofPart} bytes.`);
      const whole = size !== undefined;
      if (whole || !(await more())) return { bytes: parts.length === 1 ? part : Buffer.concat(parts), whole };
    }
  }
  return {
    async read(count) {
      if (count < 0 || count > ofPart) throw damaged();
      const { bytes, whole } = await take((taken) =>
        count - taken <= rest.length ? count - taken : undefined,
      );
      if (!whole) throw damaged();
      return bytes;
    },
    async line() {
      const { bytes } = await take(() => {
        const at = rest.indexOf(0x0a);
        return at < 0 ? undefined : at + 1;
      });
      return bytes.length === 0 ? undefined : bytes;
    },
  };
}

export const damaged = (): CopyFailed => new CopyFailed('The dump is damaged, or not whole.');
