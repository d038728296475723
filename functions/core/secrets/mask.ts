/** Hides secret values in text that people see, in every form in which programs print them (I7). */
import { inspect } from 'node:util';

export interface Mask {
  (text: string): string;
  /** The length of the longest text that the mask hides, bytes. */
  longest: number;
}

/** Values shorter than this would hide half of every line. */
const SHORTEST = 6;
/** In base64, six characters may be part of any word. */
const SHORTEST_ENCODED = 8;
const HIDDEN = '••••';

/** The password of a connection string: drivers print it without the rest. */
function passwordOf(value: string): string[] {
  const match = /^[a-z][a-z0-9+.-]{0,30}:\/\/[^:@/?#\s]{0,200}:([^@/?#\s]{1,500})@/i.exec(value);
  if (!match?.[1]) return [];
  try {
    return [match[1], decodeURIComponent(match[1])];
  } catch {
    return [match[1]];
  }
}

/** The forms of a value in base64 in the middle of other bytes: the letters that do not depend on those bytes. */
function base64(value: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const own: [number, number] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
    return [bytes.toString('base64').slice(...own), bytes.toString('base64url').slice(...own)];
  });
}

/** The forms in which JSON, debuggers, URLs and web forms write a value. */
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
  // Output comes line by line, so the lines of a key are hidden one by one.
  const parts = [...value.split(/[\r\n]+/), ...wholes.slice(1)];
  return [
    ...parts.flatMap(written).filter((form) => form.trim().length >= SHORTEST),
    // As in a header of basic authentication, or in a dump of bytes.
    ...wholes
      .filter((whole) => whole.length >= SHORTEST)
      .flatMap((whole) => [...base64(whole), Buffer.from(whole).toString('hex')])
      .filter((form) => form.length >= SHORTEST_ENCODED),
  ];
}

/** Makes a mask of some values; values shorter than 6 characters are not hidden. */
export function createMask(values: readonly string[]): Mask {
  const forms = [...new Set(values.flatMap(formsOf))].sort((a, b) => b.length - a.length);
  const pattern =
    forms.length > 0 &&
    new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
  const mask = ((text) => (pattern ? text.replace(pattern, HIDDEN) : text)) as Mask;
  mask.longest = forms.reduce((longest, form) => Math.max(longest, Buffer.byteLength(form)), 0);
  return mask;
}
