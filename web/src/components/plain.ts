const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f]/g;
// They turn the reading direction around, so that a text reads as what it is not.
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text as it can be shown: no terminal colours, and control characters to be seen instead of obeyed. */
export const plain = (text: string): string =>
  text
    .replace(ESCAPES, '')
    .replace(/\r(?=\n|$)/g, '')
    .replace(CONTROLS, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
    .replace(DIRECTIONS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
