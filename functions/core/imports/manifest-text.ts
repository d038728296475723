/** Reads the text of a manifest: YAML with anchors, JSON, `.env` files, within the budgets of a Score file. */
import { DotenvError, parseDotenv } from '../dotenv.ts';
import { Problem } from '../problem.ts';
import { readYaml } from '../score/file/yaml.ts';

const unreadable = (path: string, why: string): Problem =>
  new Problem('invalid_request', `${path} can not be read: ${why}`, {
    hint: 'Correct the file, or leave it out and write its score.yaml with berth init.',
  });

/** @throws Problem invalid_request */
export function readManifest(path: string, text: string): unknown {
  try {
    return readYaml(text, { aliases: true }).value;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw unreadable(path, error.message.replace('The Score file is not valid: ', ''));
  }
}

/** The names in a `.env` file, whose values nobody needs here. @throws Problem invalid_request */
export function readNames(path: string, text: string): string[] {
  try {
    return [...parseDotenv(text).keys()];
  } catch (error) {
    if (error instanceof DotenvError) throw unreadable(path, error.message);
    throw error;
  }
}

/** A line of a `.env` file, which `parseDotenv` reads again as it was. */
function lineOf(name: string, value: string): string {
  if (/^[\w./:@%+,=-]*$/.test(value)) return `${name}=${value}`;
  if (!/['\n\r]/.test(value)) return `${name}='${value}'`;
  const escaped = value
    .replaceAll(/["\\]/g, (char) => `\\${char}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `${name}="${escaped}"`;
}

export const dotenvOf = (values: ReadonlyMap<string, string>): string =>
  [...values].map(([name, value]) => `${lineOf(name, value)}\n`).join('');
