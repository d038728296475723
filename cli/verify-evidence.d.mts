/** @param files all packs of one period, in any order; `faults` is empty where nothing is wrong, `notes` is what they can not show */
export function verifyEvidence(
  files: readonly Buffer[],
  known: { key: string; anchors?: readonly { number: number; hash: string; at: string }[] },
): { faults: string[]; notes: string[]; events: object[]; headers: Record<string, unknown>[] };
