/**
 * The secrets of deployments, kept sealed for as long as what they printed is kept: the archive has lines as programs
 * printed them, and outlives the cluster's own Secrets, a rotation, and the environment (docs/adr/0100).
 */
import { maskPath } from '../../../core/keys.ts';
import { OUTPUT_KEPT_MS } from '../../../core/model/index.ts';
import { createMask, type Mask } from '../../../core/secrets/mask.ts';
import type { Effects } from '../../../ports/effects.ts';
import type { LogStream } from '../../../ports/logs.ts';
import { sensitiveValues } from '../../../ports/rules/sensitive-values.ts';
import type { Secrets } from '../../../ports/secrets.ts';
import type { WorkloadSpec } from '../../../ports/workloads.ts';

interface Kept {
  value: string;
  /** No deployment has it any more, and its last line is forgotten then: epoch milliseconds. */
  until?: number;
}

/** A line that was printed just before a value was replaced may be dated a moment later. */
const SPARE_MS = 24 * 60 * 60 * 1000;
/** Bytes of one sealed part. */
const PART_MAX = 48 * 1024;
/** Characters of one value; a longer one is kept in pieces, as its lines are printed. */
const VALUE_MAX = 8 * 1024;

export interface KeptMasks {
  /** Before the first line can be printed. */
  keep(spec: WorkloadSpec): Promise<void>;
  mask(stream: LogStream): Promise<Mask>;
}

export function createKeptMasks(
  secrets: Pick<Secrets, 'put' | 'get' | 'remove' | 'list'>,
  { now, id }: Pick<Effects, 'now' | 'id'>,
): KeptMasks {
  async function read(path: string): Promise<{ paths: string[]; kept: Kept[] }> {
    const paths = await secrets.list(path);
    const parts = await Promise.all(paths.map((part) => secrets.get(part)));
    return { paths, kept: parts.flatMap((part) => (part === undefined ? [] : (JSON.parse(part) as Kept[]))) };
  }

  return {
    async keep(spec) {
      const path = maskPath(spec);
      const wanted = new Set(sensitiveValues(spec).flatMap(piecesOf));
      const { paths, kept } = await read(path);
      const before = new Map(kept.map(({ value, until }) => [value, until]));
      const after = new Map<string, number | undefined>([...wanted].map((value) => [value, undefined]));
      for (const [value, until = now() + OUTPUT_KEPT_MS + SPARE_MS] of before)
        if (!wanted.has(value) && until > now()) after.set(value, until);
      const isSame =
        after.size === before.size &&
        [...after].every(([value, until]) => before.has(value) && before.get(value) === until);
      if (isSame && (paths.length > 0 || after.size === 0)) return;
      // All that is new is there before anything that was there goes.
      const generation = id();
      const parts = partsOf(
        [...after].map(([value, until]) => ({ value, ...(until !== undefined && { until }) })),
      );
      for (const [at, part] of parts.entries())
        await secrets.put(`${path}/${generation}-${at}`, JSON.stringify(part));
      for (const old of paths) await secrets.remove(old);
    },
    async mask(stream) {
      const [project = '', environment = '', service = ''] = stream.split('/');
      const { kept } = await read(maskPath({ project, environment, service }));
      return createMask([...new Set(kept.map(({ value }) => value))]);
    },
  };
}

function piecesOf(value: string): string[] {
  if (value.length <= VALUE_MAX) return [value];
  return value.split(/[\r\n]+/).flatMap((line) => line.match(new RegExp(`.{1,${VALUE_MAX}}`, 'gsu')) ?? []);
}

function partsOf(kept: readonly Kept[]): Kept[][] {
  const parts: Kept[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const one of kept) {
    const size = Buffer.byteLength(JSON.stringify(one)) + 1;
    if (bytes + size > PART_MAX) {
      parts.push([]);
      bytes = 2;
    }
    parts.at(-1)?.push(one);
    bytes += size;
  }
  return parts;
}
