/** Names with wildcards, matched in time that grows with the product of both lengths. */

/**
 * `*` stands for any text without `/`, `**` for any text; everything else for itself.
 * @example matchesWildcard('release/*', 'release/2026') // true
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  // The positions in the text at which the part of the pattern read so far can end.
  let ends = new Set([0]);
  for (const part of pattern.split(/(\*\*?)/)) {
    const next = new Set<number>();
    for (const end of ends) {
      if (part === '*' || part === '**') {
        // Another end has passed here before, and has gone on from here.
        for (let at = end; at <= text.length && !next.has(at); at++) {
          next.add(at);
          if (part === '*' && text[at] === '/') break;
        }
      } else if (text.startsWith(part, end)) next.add(end + part.length);
    }
    if (next.size === 0) return false;
    ends = next;
  }
  return ends.has(text.length);
}
