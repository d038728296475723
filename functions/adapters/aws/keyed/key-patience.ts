/** For how long a refusal of AWS may be of something that AWS does not know yet, and is not taken for its last word. */
export function createPatience(milliseconds: number, now: () => number) {
  /** Since when AWS refuses something. */
  const since = new Map<string, number>();
  return {
    /** Notes a refusal. @returns whether it has been refused for longer; it is then counted anew */
    isOver(what: string): boolean {
      const first = since.get(what) ?? now();
      since.set(what, first);
      if (now() - first <= milliseconds) return false;
      since.delete(what);
      return true;
    },
    /** AWS does not refuse it any more. */
    end: (what: string): boolean => since.delete(what),
  };
}
