/** What a visitor may write. */
export const AUTHOR_MAX = 60;
export const MESSAGE_MAX = 500;

/** Input that can not be accepted; its message is meant for the visitor. */
export class InputError extends Error {
  constructor(message, status = 400) {
    super(message);
    this.status = status;
  }
}

const length = (text) => [...text].length;

/** Line breaks and tabs are text, other control characters are not; PostgreSQL takes neither NUL nor half a character. */
function readText(value, name, max) {
  if (typeof value !== 'string') throw new InputError(`${name} must be text.`);
  const text = value.replace(/\r\n?/g, '\n').trim();
  if (!text.isWellFormed() || /[^\P{Cc}\n\t]/u.test(text)) {
    throw new InputError(`${name} holds a character that can not be shown.`);
  }
  if (length(text) > max) throw new InputError(`${name} must have at most ${max} characters.`);
  return text;
}

/** Reads an entry from a form's or a JSON body's fields. */
export function readEntry(fields) {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new InputError('An entry is an object with author and message.');
  }
  const author = readText(fields.author ?? '', 'Your name', AUTHOR_MAX).replace(/\s+/g, ' ');
  const message = readText(fields.message ?? '', 'The message', MESSAGE_MAX);
  if (message === '') throw new InputError('Write a message first.');
  return { author: author || 'Anonymous', message };
}
