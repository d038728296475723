/** Hides the values of sensitive variables in text that people see. */
import type { ContainerSpec } from '../../../ports/workloads.ts';

export interface Mask {
  (text: string): string;
  /** Length in bytes of the longest thing it hides. */
  longest: number;
}

/** Shorter values would hide half of every line. */
const SHORTEST = 6;
const HIDDEN = '••••';

/** The password of a connection string: drivers print it on its own. */
function passwordOf(value: string): string[] {
  const match = /^[a-z][a-z0-9+.-]{0,30}:\/\/[^:@/?#\s]{0,200}:([^@/?#\s]{1,500})@/i.exec(value);
  if (!match?.[1]) return [];
  try {
    return [match[1], decodeURIComponent(match[1])];
  } catch {
    return [match[1]];
  }
}

export function createMask(containers: readonly ContainerSpec[]): Mask {
  const values = new Set<string>();
  for (const { variables } of containers) {
    for (const { value } of variables.filter((variable) => variable.sensitive)) {
      // Output comes by line, so the lines of a key are hidden one by one.
      for (const part of [...value.split(/\r?\n/), ...passwordOf(value)]) {
        for (const form of [
          part,
          JSON.stringify(part).slice(1, -1),
          encodeURIComponent(part.toWellFormed()),
        ]) {
          if (form.trim().length >= SHORTEST) values.add(form);
        }
      }
    }
  }
  const sorted = [...values].sort((a, b) => b.length - a.length);
  const pattern =
    sorted.length > 0 &&
    new RegExp(sorted.map((value) => value.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
  const mask = ((text) => (pattern ? text.replace(pattern, HIDDEN) : text)) as Mask;
  mask.longest = sorted.reduce((longest, value) => Math.max(longest, Buffer.byteLength(value)), 0);
  return mask;
}
