/** Tells VS Code which schema a score.yaml has: completion, words and faults while it is typed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { note } from '../../output.ts';

const FILES = ['score.yaml', '**/score.yaml'];

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The settings with the schema beside all that is there.
 * @param text of `.vscode/settings.json`; undefined where there is none
 * @returns undefined where the text is not plain JSON, as with comments: it is the person's to change
 */
export function withSchema(text: string | undefined, url: string): string | undefined {
  try {
    const settings: unknown = text === undefined || text.trim() === '' ? {} : JSON.parse(text);
    if (!isMap(settings)) return undefined;
    const schemas = settings['yaml.schemas'] ?? {};
    if (!isMap(schemas)) return undefined;
    return `${JSON.stringify({ ...settings, 'yaml.schemas': { ...schemas, [url]: FILES } }, null, 2)}\n`;
  } catch {
    return undefined;
  }
}

/** @param always also where nothing shows that VS Code is used */
export function tellEditor(folder: string, server: string, always = false): void {
  const directory = join(folder, '.vscode');
  if (!always && !existsSync(directory) && process.env.TERM_PROGRAM !== 'vscode') return;
  const path = join(directory, 'settings.json');
  const url = `${server}/v1/schemas/score.json`;
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  const after = withSchema(before, url);
  if (after === undefined) {
    note(`${path} has comments. Add to it: "yaml.schemas": ${JSON.stringify({ [url]: FILES })}`);
    return;
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(path, after);
  note(`${path} names the schema; the extension YAML of Red Hat reads it.`);
}
