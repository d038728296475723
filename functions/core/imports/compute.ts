/** Quantities of other platforms as Score has them. */

const MIB_OF: Readonly<Record<string, number>> = { b: 2 ** -20, k: 2 ** -10, m: 1, g: 1024, t: 2 ** 20 };

/** `512m`, `1.5GB`, bytes without a unit: as `512Mi`. @returns undefined for what is none, or less than 4 MiB */
export function memoryOf(text: string): string | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([bkmgt])?(?:i?b)?$/i.exec(text.trim());
  const mebibytes = Math.ceil(Number(match?.[1]) * (MIB_OF[(match?.[2] ?? 'b').toLowerCase()] ?? 1));
  return mebibytes >= 4 && mebibytes <= 2 ** 22 ? `${mebibytes}Mi` : undefined;
}

/** Cores, as thousandths. @returns undefined for what is none */
export function coresOf(text: string): string | undefined {
  const cores = /^\d{0,6}(?:\.\d{1,6})?$/.test(text.trim()) ? Number(text) : 0;
  return cores >= 0.001 && cores <= 1000 ? `${Math.round(cores * 1000)}m` : undefined;
}
