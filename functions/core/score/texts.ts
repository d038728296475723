/**
 * The one walk over the texts of a workload in which placeholders expand: variables, text files without noExpand,
 * sources of volumes, params of resources. Image, command and args are not among them.
 */
import { formatPath, type Path } from './file/score-faults.ts';
import type { ScoreContainer, ScoreWorkload } from './workload.ts';

export interface Place {
  /** The name of the place in errors: `containers.main.variables.DATABASE_URL`. */
  where: string;
  part: 'variable' | 'file' | 'volume' | 'param';
  /** The resource whose params hold the text. */
  resource?: string;
}

/** Gives the text that takes the place of a text. */
export type Replace = (text: string, place: Place) => string;

const mapValues = <T>(record: Readonly<Record<string, T>>, change: (value: T, key: string) => T) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));

export function replaceInContainer(
  name: string,
  container: ScoreContainer,
  replace: Replace,
): ScoreContainer {
  const { variables, files, volumes } = container;
  const at = (...path: string[]) => formatPath(['containers', name, ...path]);
  return {
    ...container,
    ...(variables && {
      variables: mapValues(variables, (text, variable) =>
        replace(text, { where: at('variables', variable), part: 'variable' }),
      ),
    }),
    ...(files && {
      files: mapValues(files, (file, target) => {
        if (file.content === undefined || file.noExpand) return file;
        const place: Place = { where: at('files', target, 'content'), part: 'file' };
        return { ...file, content: replace(file.content, place) };
      }),
    }),
    ...(volumes && {
      volumes: mapValues(volumes, (volume, target) => {
        const place: Place = { where: at('volumes', target, 'source'), part: 'volume' };
        return { ...volume, source: replace(volume.source, place) };
      }),
    }),
  };
}

/** Every string in the params, keys excepted. @param resource its name in the workload */
export function replaceInParams(
  resource: string,
  params: Readonly<Record<string, unknown>>,
  replace: Replace,
): Record<string, unknown> {
  const inside = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string')
      return replace(value, { where: formatPath(path), part: 'param', resource });
    if (Array.isArray(value)) return value.map((item, index) => inside(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return mapValues<unknown>({ ...value }, (item, key) => inside(item, [...path, key]));
  };
  return mapValues(params, (value, key) => inside(value, ['resources', resource, 'params', key]));
}

/** Shows each text to `visit`, in the order of the file. */
export function visitTexts(workload: ScoreWorkload, visit: (text: string, place: Place) => void): void {
  const look: Replace = (text, place) => {
    visit(text, place);
    return text;
  };
  for (const [name, container] of Object.entries(workload.containers))
    replaceInContainer(name, container, look);
  for (const [name, { params }] of Object.entries(workload.resources ?? {}))
    replaceInParams(name, params ?? {}, look);
}
