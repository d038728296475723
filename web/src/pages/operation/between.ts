/** Which versions lie between two deployments of a service. Pure. */
import type { Version } from '../../../../client/types.generated.ts';

export interface Between {
  /** The other way round: these go with it. */
  isBack: boolean;
  /** Newest first; the older one of the two is not among them. */
  versions: Version[];
  /** What both came from, compared where the code is kept, if that is a host whose addresses are known. */
  compare?: string;
}

/**
 * @param versions newest first
 * @param from id of the version that served before
 * @param to id of the one that is deployed
 * @returns undefined where they are the same, or one of them is too old to be among the versions
 */
export function between(versions: readonly Version[], from: string, to: string): Between | undefined {
  const [before, after] = [from, to].map((id) => versions.findIndex((version) => version.id === id));
  if (before === undefined || after === undefined || before < 0 || after < 0 || before === after)
    return undefined;
  const [newer, older] = [Math.min(before, after), Math.max(before, after)];
  const compare = comparison(versions[older]!, versions[newer]!);
  return {
    isBack: before < after,
    versions: versions.slice(newer, older),
    ...(compare !== undefined && { compare }),
  };
}

const comparisons: Readonly<Record<string, string>> = {
  'github.com': '/compare/',
  'gitlab.com': '/-/compare/',
};

function comparison({ source: older }: Version, { source: newer }: Version): string | undefined {
  if (older.kind !== 'git' || newer.kind !== 'git' || older.url !== newer.url) return undefined;
  const url = URL.parse(newer.url);
  const path = url?.protocol === 'https:' ? comparisons[url.hostname] : undefined;
  if (!url || path === undefined) return undefined;
  return `https://${url.hostname}${url.pathname.replace(/(\.git)?\/?$/, '')}${path}${older.commit}...${newer.commit}`;
}
