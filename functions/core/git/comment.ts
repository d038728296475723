/** The one comment in a pull request that tells of its preview. */
import { dollars } from '../costs/environment-cost.ts';
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

interface PreviewFacts {
  url: string;
  /** Where the other services are from. */
  base: string | undefined;
  /** What its environment costs, and the resources whose data go with it; absent while there is none. */
  cost?: { usdPerDay: number; isOnAws: boolean; data: readonly string[] };
}

const costWords = ({ usdPerDay, isOnAws }: NonNullable<PreviewFacts['cost']>): string =>
  `${dollars(usdPerDay)} USD a day while it is awake${isOnAws ? '' : ', if it ran on AWS'}`;

/** The comment in Markdown. */
export function commentOf(preview: Preview, { url, base, cost }: PreviewFacts): string {
  const { project, service, state, commit, environment, error, connection, number } = preview;
  const lines = [marker(connection), `**Preview of \`${service}\` ${states[state]}**`, ''];
  const row = (name: string, value: string): number => lines.push(`| ${name} | ${value} |`);
  if (state === 'ready' || state === 'opening') {
    lines.push('| | |', '|---|---|');
    if (state === 'ready') row('URL', url);
    row('Environment', `\`${environment}\``);
    row('Built', `\`${service}\` at \`${commit.slice(0, 12)}\``);
    if (base !== undefined) row('Others', `as in \`${base}\``);
    if (cost) row('Cost', costWords(cost));
    if (cost && cost.data.length > 0)
      row(
        'Data',
        `of ${cost.data.map((uid) => `\`${plain(uid)}\``).join(', ')}: go when the pull request is closed`,
      );
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
