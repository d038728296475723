/** @param files all packs of one period, in any order; `faults` is empty where nothing is wrong */
export function verifyEvidence(
  files: readonly Buffer[],
  known: { key: string; anchors?: readonly { number: number; hash: string; at: string }[] },
): { faults: string[]; events: object[]; headers: Record<string, unknown>[] };
