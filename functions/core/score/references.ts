/** The places in which a workload refers to its metadata and its resources. */
import { Problem } from '../problem.ts';
import { formatPath, invalidScore } from './file/score-faults.ts';
import { dependencyOrder } from './graph.ts';
import { lookupMetadata, placeholders } from './placeholders.ts';
import { type Place, visitTexts } from './texts.ts';
import type { ScoreWorkload } from './workload.ts';

export interface Reference extends Place {
  /** `['resources', 'db', 'host']`. */
  path: string[];
  /** The resource that is referred to; undefined for metadata. */
  refersTo: string | undefined;
  /** The output's name; undefined where the resource as a whole is meant, as in a volume's source. */
  output: string | undefined;
}

const list = (names: readonly string[]): string => {
  const shown = names.slice(0, 20).map((name) => formatPath([name]));
  return names.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
};

/** Says why a reference leads nowhere; undefined where it leads somewhere. */
function lost(workload: ScoreWorkload, path: string[]): string | undefined {
  const shown = `\${${formatPath(path)}}`;
  if (path[0] === 'metadata') {
    if (lookupMetadata(workload.metadata, path) !== undefined) return undefined;
    return `${shown} is not in metadata, which has ${list(Object.keys(workload.metadata))}`;
  }
  if (Object.hasOwn(workload.resources ?? {}, path[1] ?? '')) return undefined;
  const declared = Object.keys(workload.resources ?? {});
  if (declared.length === 0) return `${shown} names a resource, and the workload declares none`;
  return `${shown} names a resource that is not declared; there are ${list(declared)}`;
}

const ERRORS_MAX = 50;

function lostReferences(errors: readonly { path: string; message: string }[]): Problem {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new Problem(
    'unresolved_placeholder',
    `A placeholder in ${first?.path} can not be resolved: ${first?.message}${more}.`,
    {
      hint: 'Declare it under resources in the Score file, or correct the name; $${ is the text ${.',
      extra: { errors },
    },
  );
}

/**
 * All references of a workload.
 * @throws Problem unresolved_placeholder naming each place whose placeholder is not well formed, or refers to a
 *   resource that is not declared or to metadata that is not there
 */
export function references(workload: ScoreWorkload): Reference[] {
  const found: Reference[] = [];
  const errors: { path: string; message: string }[] = [];
  visitTexts(workload, (text, place) => {
    for (const path of placeholders(text, place.where)) {
      const message = lost(workload, path);
      if (message !== undefined) errors.push({ path: place.where, message });
      if (errors.length === ERRORS_MAX) throw lostReferences(errors);
      const [refersTo, ...output] = path[0] === 'resources' ? path.slice(1) : [];
      found.push({ ...place, path, refersTo, output: output.length > 0 ? output.join('.') : undefined });
    }
  });
  if (errors.length > 0) throw lostReferences(errors);
  return found;
}

/**
 * The outputs that a workload refers to, by its name for the resource; none of a resource that is only named as a whole.
 * @throws Problem unresolved_placeholder
 */
export function usedOutputs(workload: ScoreWorkload): ReadonlyMap<string, ReadonlySet<string>> {
  const used = new Map<string, Set<string>>();
  for (const { refersTo, output } of references(workload)) {
    if (refersTo === undefined) continue;
    const outputs = used.get(refersTo) ?? new Set();
    used.set(refersTo, output === undefined ? outputs : outputs.add(output));
  }
  return used;
}

/** The outputs that a workload refers to of all resources of a type. @throws Problem unresolved_placeholder */
export function usedOfType(workload: ScoreWorkload, type: string): ReadonlySet<string> {
  const used = usedOutputs(workload);
  const names = Object.entries(workload.resources ?? {}).filter(([, declared]) => declared.type === type);
  return new Set(names.flatMap(([name]) => [...(used.get(name) ?? [])]));
}

/**
 * Names of the resources, each behind those whose outputs its params use.
 * @throws Problem unresolved_placeholder, or invalid_score where resources need one another in a circle
 */
export function provisionOrder(workload: ScoreWorkload): string[] {
  const needs = new Map<string, Set<string>>();
  for (const { resource, refersTo } of references(workload)) {
    if (resource === undefined || refersTo === undefined) continue;
    needs.set(resource, (needs.get(resource) ?? new Set()).add(refersTo));
  }
  const names = Object.keys(workload.resources ?? {});
  const ordered = dependencyOrder(names, (name) => needs.get(name) ?? []);
  if ('order' in ordered) return ordered.order;
  const message = `needs itself through its params: ${ordered.cycle.slice(0, 20).join(' -> ')}`;
  throw invalidScore([{ path: ['resources', ordered.cycle[0] ?? ''], message }]);
}
