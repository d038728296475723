/** Generated text within a page that is written by hand. */

/**
 * Replaces what stands between the two markers of each name; the markers stay.
 * @throws when the page has no markers of a name
 */
export function replaceGenerated(page: string, texts: Record<string, string>): string {
  return Object.entries(texts).reduce((whole, [name, text]) => {
    const [start, end] = [`<!-- generated: ${name} -->\n`, '<!-- end of generated -->'];
    const from = whole.indexOf(start);
    const to = whole.indexOf(end, from);
    if (from === -1 || to === -1) throw new Error(`The page has no markers for "${name}"`);
    return `${whole.slice(0, from + start.length)}\n${text}\n\n${whole.slice(to)}`;
  }, page);
}
