/** Generated text within a page that is written by hand. */

/** Replaces what stands between the two markers of a name; the markers stay. */
export function replaceGenerated(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- generated: ${name} -->\n`, '<!-- end of generated -->'];
  const from = page.indexOf(start);
  const to = page.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`The page has no markers for "${name}"`);
  return `${page.slice(0, from + start.length)}\n${text}\n\n${page.slice(to)}`;
}
