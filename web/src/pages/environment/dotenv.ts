/** Variables as a `.env` file, which the API reads back as they are. */

/** What needs no quotes. */
const PLAIN = /^[\w./:@%+,=-]*$/;
const ESCAPED: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

const quoted = (value: string): string =>
  PLAIN.test(value) ? value : `"${value.replace(/[\n\r\t"\\]/g, (one) => ESCAPED[one] ?? one)}"`;

export const toDotenv = (variables: readonly { name: string; value: string }[]): string =>
  variables.map(({ name, value }) => `${name}=${quoted(value)}\n`).join('');
