/** Names with wildcards, matched in steps that are as many as the product of both lengths. */

/**
 * `*` stands for any text without `/`, `**` for any text; everything else for itself.
 * @example matchesWildcard('release/*', 'release/2026') // true
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  // For each position in the text: 1 where the part of the pattern read so far can end.
  let ends = new Uint8Array(text.length + 1);
  ends[0] = 1;
  for (const [part] of pattern.matchAll(/\*\*?|[^*]/gs)) {
    const next = new Uint8Array(ends.length);
    let open = false;
    for (let at = 0; at <= text.length; at++) {
      const character = text[at];
      if (part.startsWith('*')) {
        open ||= ends[at] === 1;
        if (open) next[at] = 1;
        if (part === '*' && character === '/') open = false;
      } else if (ends[at] === 1 && character === part) next[at + 1] = 1;
    }
    ends = next;
  }
  return ends[text.length] === 1;
}
