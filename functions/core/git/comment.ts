/** The one comment in a pull request that tells of its preview. */
import type { Preview } from '../model/index.ts';

const marker = (connection: string): string => `<!-- berth:preview:${connection} -->`;

export const isOurs = (text: string, connection: string): boolean => text.startsWith(marker(connection));

const states: Readonly<Record<Preview['state'], string>> = {
  held: 'waits for a maintainer',
  opening: 'is being built',
  ready: 'is ready',
  failed: 'failed',
  closing: 'is being destroyed',
  closed: 'is gone',
};

/** Text as it is: no link, no mention and no mark-up comes of it. */
const plain = (text: string): string =>
  text
    .slice(0, 500)
    .replace(/[\r\n`]+/g, ' ')
    .replace(/^ +| +$/g, '');

/**
 * The comment in Markdown.
 * @param of.base where the other services are from
 */
export function commentOf(
  preview: Preview,
  { url, base }: { url: string; base: string | undefined },
): string {
  const { project, service, state, commit, environment, error, connection, number } = preview;
  const lines = [marker(connection), `**Preview of \`${service}\` ${states[state]}**`, ''];
  const row = (name: string, value: string): number => lines.push(`| ${name} | ${value} |`);
  if (state === 'ready' || state === 'opening') {
    lines.push('| | |', '|---|---|');
    if (state === 'ready') row('URL', url);
    row('Environment', `\`${environment}\``);
    row('Built', `\`${service}\` at \`${commit.slice(0, 12)}\``);
    if (base !== undefined) row('Others', `as in \`${base}\``);
  }
  if (state === 'held')
    lines.push(
      `Commit \`${commit.slice(0, 12)}\` comes from a fork. Nothing is built before a maintainer of the project lets in this very commit:`,
      '',
      `\`berth previews approve ${number} ${commit} --project ${project} --service ${service}\``,
    );
  if (error && state === 'failed')
    lines.push(`First error (${error.code}): \`${plain(error.cause)}\``, '', `\`${plain(error.hint)}\``);
  return lines.join('\n');
}
