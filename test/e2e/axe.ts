/** The faults that axe finds in a page as it is shown. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Finding {
  id: string;
  impact: string | null;
  nodes: { html: string }[];
}

/** Rules that axe leaves out, or takes for less than serious: what is said is what is seen, and no heading is skipped. */
const asked = { 'label-content-name-mismatch': { enabled: true }, 'heading-order': { enabled: true } };

/** Serious and critical findings in a page's content in both themes, and those of the rules above, each in a line. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Evaluated by the debugger: the page's policy allows no script of ours.
  await page.evaluate(axe.source);
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    // Only the colours are others.
    const options = {
      // Without its own copy of the style sheets, which the page's policy keeps it from making.
      preload: false,
      resultTypes: ['violations'],
      rules: asked,
      ...(colorScheme === 'dark' && { runOnly: ['color-contrast'], rules: {} }),
    };
    await page.emulateMedia({ colorScheme });
    // Colours change in a transition.
    await page.waitForTimeout(400);
    const { violations } = await page.evaluate<{ violations: Finding[] }>(
      `axe.run("main", ${JSON.stringify(options)})`,
    );
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical' && !Object.hasOwn(asked, id)) continue;
      found.push(...nodes.map(({ html }) => `${colorScheme}: ${id}: ${html.slice(0, 200)}`));
    }
  }
  return found;
}
