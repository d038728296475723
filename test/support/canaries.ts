/** Values that may be nowhere, and the search for them in every form that they could be in. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

/** A text that occurs only once in the world: wherever it is found, it was put there. */
export const core = (): string => `Cnry${randomBytes(9).toString('hex')}`;

/** The sextets of base64 that hang on the value alone, for each place in a group of three bytes. */
const base64At = (value: string, before: number): string => {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
  return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
};

const percent = (value: string): string =>
  [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/** Each form in which a value is looked for, by the form's name. */
export function formsOf(value: string): Record<string, string> {
  const hex = Buffer.from(value).toString('hex');
  const json = JSON.stringify(value).slice(1, -1);
  const base64 = [0, 1, 2].map((before) => base64At(value, before));
  return {
    raw: value,
    json,
    'json in json': JSON.stringify(json).slice(1, -1),
    'its end': value.slice(-16),
    url: encodeURIComponent(value),
    'all of it as url': percent(value),
    'all of it as URL': percent(value).toUpperCase(),
    hex,
    HEX: hex.toUpperCase(),
    'utf-16': Buffer.from(value, 'utf16le').toString('latin1'),
    backwards: [...value].reverse().join(''),
    ...Object.fromEntries(base64.map((form, at) => [`base64 ${at}`, form])),
    ...Object.fromEntries(
      base64.map((form, at) => [`base64url ${at}`, form.replaceAll('+', '-').replaceAll('/', '_')]),
    ),
  };
}

export interface Canaries {
  /** Keeps a value to look for. */
  add(name: string, value: string): string;
  /**
   * The values found in some bytes, as "name, form"; where the bytes have lines, also values that were split over
   * several lines.
   */
  find(bytes: Uint8Array, hasLines?: boolean): string[];
}

interface Needle {
  name: string;
  bytes: Buffer;
}

/** Line ends, also as JSON writes them, and what stands around lines in lists. */
const BETWEEN_LINES = /(?:\s|\\[nrt]|["'+,])+/g;

export function createCanaries(): Canaries {
  const needles = new Map<number, Needle[]>();
  const starts = new Uint8Array(65_536);
  const keyAt = (bytes: Uint8Array, at: number): number => bytes[at]! * 256 + bytes[at + 1]!;

  function findIn(bytes: Uint8Array, where: string, found: Set<string>): void {
    for (let at = 0; at + 1 < bytes.length; at++) {
      const key = keyAt(bytes, at);
      if (starts[key] === 0) continue;
      for (const { name, bytes: needle } of needles.get(key) ?? []) {
        if (needle.compare(bytes, at, Math.min(at + needle.length, bytes.length)) === 0) {
          found.add(name + where);
        }
      }
    }
  }
  return {
    add(name, value) {
      for (const [form, text] of Object.entries(formsOf(value))) {
        const bytes = Buffer.from(text, 'latin1');
        const key = keyAt(bytes, 0);
        starts[key] = 1;
        needles.set(key, [...(needles.get(key) ?? []), { name: `${name}, ${form}`, bytes }]);
      }
      return value;
    },
    find(bytes, hasLines = true) {
      const found = new Set<string>();
      findIn(bytes, '', found);
      if (!hasLines) return [...found];
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
      findIn(Buffer.from(text.replace(BETWEEN_LINES, ''), 'latin1'), ', split over lines', found);
      return [...found];
    },
  };
}

function unpacked(bytes: Buffer): Buffer {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes);
  return bytes.subarray(0, 4).toString('hex') === '28b52ffd' ? zstdDecompressSync(bytes) : bytes;
}

/** Files below a directory with the values found in each, compression undone. @param isLeftOut by path below it */
export async function findInFiles(
  canaries: Canaries,
  directory: string,
  isLeftOut: (path: string) => boolean = () => false,
): Promise<{ read: string[]; found: string[] }> {
  const read: string[] = [];
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(directory.length + 1);
    for (const hit of canaries.find(Buffer.from(path))) found.push(`the name ${path}: ${hit}`);
    if (!entry.isFile() || isLeftOut(path)) continue;
    // Files of a database come and go while it runs.
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    read.push(path);
    // Pages of a database are no text with lines.
    const isPages = /\/data\/(base|global|pg_\w+)\//.test(path);
    for (const hit of canaries.find(unpacked(bytes), !isPages)) found.push(`${path}: ${hit}`);
  }
  return { read, found };
}

/** The command lines of all processes of this machine that may be read; none where there is no /proc. */
export async function commandLines(): Promise<string[]> {
  const ids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  return Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => '')));
}
