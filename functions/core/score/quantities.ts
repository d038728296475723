/** Score's quantities of compute, in plain numbers. */
import { limits } from '../limits.ts';
import { invalidScore } from './file/score-faults.ts';
import type { ScoreCompute, ScoreContainer } from './workload.ts';

/** More cores than any machine has. The limit keeps a long row of digits from becoming Infinity. */
const CPU_MAX = limits.processor.value;

const units = { K: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

export const CPU_RULE = 'must be a number of cores such as 2 or 0.5, or thousandths such as 250m';
export const MEMORY_RULE =
  'must be a number of bytes with an optional unit, K, M, G, T, Ki, Mi, Gi or Ti, such as 64Mi';

/**
 * Cores, or undefined where the text is not a quantity. A lone `m` and empty text match Score's pattern but give no
 * number.
 */
export function readCpu(text: string): number | undefined {
  if (text.length > 20 || !/^(?:\d+m?|\d*\.\d+)$/.test(text)) return undefined;
  const cores = text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text);
  return cores <= CPU_MAX ? cores : undefined;
}

/** Bytes, or undefined where the text is not a quantity. */
export function readMemory(text: string): number | undefined {
  const match = text.length > 20 ? null : /^([1-9]\d*)([KMGT]i?)?$/.exec(text);
  if (!match) return undefined;
  const bytes = Number(match[1]) * (match[2] === undefined ? 1 : units[match[2] as keyof typeof units]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Cores of a CPU quantity.
 * @throws Problem invalid_score
 * @example parseCpu('250m') // 0.25
 */
export function parseCpu(text: string): number {
  const cores = readCpu(text);
  if (cores === undefined) throw invalidScore([{ path: ['cpu'], message: CPU_RULE }]);
  return cores;
}

/**
 * Bytes of a memory quantity.
 * @throws Problem invalid_score
 * @example parseMemory('64Mi') // 67108864
 */
export function parseMemory(text: string): number {
  const bytes = readMemory(text);
  if (bytes === undefined) throw invalidScore([{ path: ['memory'], message: MEMORY_RULE }]);
  return bytes;
}

export interface ComputeQuantities {
  /** Whole and fractional cores. */
  cpu?: number;
  memoryBytes?: number;
}

const quantities = ({ cpu, memory }: ScoreCompute): ComputeQuantities => ({
  ...(cpu === undefined ? {} : { cpu: parseCpu(cpu) }),
  ...(memory === undefined ? {} : { memoryBytes: parseMemory(memory) }),
});

/**
 * Limits and requests of a container. Score lets a request be larger than the limit, no cluster does: it is
 * lowered to the limit, which is all the container could use.
 * @throws Problem invalid_score
 */
export function containerCompute(container: Pick<ScoreContainer, 'resources'>): {
  limits: ComputeQuantities;
  requests: ComputeQuantities;
} {
  const limits = quantities(container.resources?.limits ?? {});
  const asked = quantities(container.resources?.requests ?? {});
  const { cpu = Number.POSITIVE_INFINITY, memoryBytes = Number.POSITIVE_INFINITY } = limits;
  return {
    limits,
    requests: {
      ...(asked.cpu !== undefined && { cpu: Math.min(asked.cpu, cpu) }),
      ...(asked.memoryBytes !== undefined && { memoryBytes: Math.min(asked.memoryBytes, memoryBytes) }),
    },
  };
}
