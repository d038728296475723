/** Which folders a workspace counts among its members, as npm, yarn and pnpm write it down. */
import { limits } from '../limits.ts';
import { Problem } from '../problem.ts';
import { readYaml } from '../score/file/yaml.ts';
import { matchesWildcard } from '../wildcard.ts';
import { isRecord } from './package-json.ts';

/** Of all patterns of a workspace, characters: each is matched in steps that grow with its length. */
const PATTERNS_MAX = limits.workspacePatterns.value;
/** Of what globs know besides `*`. A workspace with such a pattern counts all as its members. */
const BEYOND_WILDCARDS = /[{}()[\]?]/;

/**
 * The patterns of a workspace; undefined where the folder is none.
 * @param packageJson its parsed package.json
 * @param pnpmWorkspace the text of its pnpm-workspace.yaml
 * @throws Problem build_failed
 */
export function workspacePatterns(
  packageJson: Readonly<Record<string, unknown>> | undefined,
  pnpmWorkspace: string | undefined,
): string[] | undefined {
  if (pnpmWorkspace === undefined) {
    const declared = packageJson?.workspaces;
    return texts(isRecord(declared) ? declared.packages : declared);
  }
  try {
    const { value } = readYaml(pnpmWorkspace);
    return isRecord(value) ? texts(value.packages) : undefined;
  } catch (error) {
    throw new Problem('build_failed', 'pnpm-workspace.yaml can not be read: it is not plain YAML.', {
      hint: 'Correct it: its packages are a list of patterns, such as "packages/*".',
      cause: error,
    });
  }
}

/**
 * Whether a folder is a member: the last pattern that matches decides.
 * @param folder its path from the workspace
 * @throws Problem build_failed
 */
export function isMember(patterns: readonly string[], folder: string): boolean {
  if (patterns.reduce((sum, { length }) => sum + length, 0) > PATTERNS_MAX)
    throw new Problem('build_failed', `The workspace has more than ${PATTERNS_MAX} characters of patterns.`, {
      hint: 'Name its members by fewer patterns, such as "packages/*".',
    });
  let member = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    const plain = (negated ? pattern.slice(1) : pattern).replace(/^\.?\/+/, '').replace(/\/+$/, '');
    const matches = BEYOND_WILDCARDS.test(plain)
      ? !negated
      : // Between slashes `**` stands for no folder as well.
        [plain, plain.replaceAll('**/', '')].some((one) => matchesWildcard(one, folder));
    if (matches) member = !negated;
  }
  return member;
}

const texts = (value: unknown): string[] | undefined =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
