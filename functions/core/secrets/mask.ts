/** Hides secret values in text that people see, in the forms that programs print them in (I7). */
import { inspect } from 'node:util';

export interface Mask {
  (text: string): string;
  /** Length in bytes of the longest thing it hides. */
  longest: number;
}

/** Shorter values would hide half of every line. */
const SHORTEST = 6;
/** In base64, six characters may be part of any word. */
const SHORTEST_ENCODED = 8;
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

/** The forms that a value takes in base64 in the middle of other bytes: the letters that do not depend on those. */
function base64(value: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const own: [number, number] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
    return [bytes.toString('base64').slice(...own), bytes.toString('base64url').slice(...own)];
  });
}

/** As JSON, debuggers, URLs and forms write it. */
function written(part: string): string[] {
  const json = JSON.stringify(part).slice(1, -1);
  return [
    part,
    json,
    json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    inspect(part, { maxStringLength: null, breakLength: Number.POSITIVE_INFINITY }).slice(1, -1),
    encodeURIComponent(part.toWellFormed()),
    new URLSearchParams([['', part.toWellFormed()]]).toString().slice(1),
  ];
}

function formsOf(value: string): string[] {
  const wholes = [value, ...passwordOf(value)];
  // Output comes by line, so the lines of a key are hidden one by one.
  const parts = [...value.split(/\r?\n/), ...wholes.slice(1)];
  return [
    ...parts.flatMap(written).filter((form) => form.trim().length >= SHORTEST),
    // As in a header of basic authentication, or a dump of bytes.
    ...wholes
      .filter((whole) => whole.length >= SHORTEST)
      .flatMap((whole) => [...base64(whole), Buffer.from(whole).toString('hex')])
      .filter((form) => form.length >= SHORTEST_ENCODED),
  ];
}

/** A mask of some values; shorter ones than 6 characters stay as they are. */
export function createMask(values: readonly string[]): Mask {
  const forms = [...new Set(values.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const pattern =
    forms.length > 0 &&
    new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
  const mask = ((text) => (pattern ? text.replace(pattern, HIDDEN) : text)) as Mask;
  mask.longest = forms.reduce((longest, form) => Math.max(longest, Buffer.byteLength(form)), 0);
  return mask;
}
