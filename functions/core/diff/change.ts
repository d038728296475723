/** One difference between two deployments, as people read it. */
export const areas = [
  'version',
  'setting',
  'container',
  'variable',
  'file',
  'volume',
  'command',
  'compute',
  'probe',
  'port',
  'resource',
  'secret',
  'metadata',
] as const;
export type Area = (typeof areas)[number];

export interface Change {
  area: Area;
  /** The container that the difference is in. */
  container?: string;
  name: string;
  change: 'added' | 'removed' | 'changed';
  before?: string;
  after?: string;
  /** The values differ, but are not shown, since they may be secret. */
  hidden?: true;
}

/** Texts by name; an undefined value counts as no text. */
export type Facts = ReadonlyMap<string, string>;

const TEXT_MAX = 1000;
const cut = (text: string): string => (text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text);

/**
 * What differs between two sets of facts, in the order of the names.
 * @param isHidden whether the text of a fact must not be shown
 */
export function compare(
  place: Pick<Change, 'area' | 'container'>,
  before: Facts,
  after: Facts,
  isHidden: (name: string, text: string) => boolean = () => false,
): Change[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name): Change[] => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
    const texts = [was, is].filter((text) => text !== undefined);
    if (texts.some((text) => isHidden(name, text))) return [{ ...place, name, change, hidden: true }];
    return [
      {
        ...place,
        name,
        change,
        ...(was !== undefined && { before: cut(was) }),
        ...(is !== undefined && { after: cut(is) }),
      },
    ];
  });
}

/** The facts of an object's members; undefined members are left out. */
export const factsOf = (members: Readonly<Record<string, string | number | undefined>>): Facts =>
  new Map(
    Object.entries(members).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
