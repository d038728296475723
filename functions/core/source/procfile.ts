/** Procfile: one process type a line, `name: command`. */

export interface Procfile {
  /** Command lines by process type, in the order of the file. */
  processes: ReadonlyMap<string, string>;
  /** Lines that are neither a process, a comment nor empty. */
  ignored: readonly string[];
}

const PROCESS = /^([A-Za-z0-9_-]{1,64})[ \t]*:[ \t]*(\S.*)$/;

/** Where a type occurs twice, the last line wins, as Heroku reads it. */
export function parseProcfile(text: string): Procfile {
  const processes = new Map<string, string>();
  const ignored: string[] = [];
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = PROCESS.exec(line);
    if (match) processes.set(match[1] as string, match[2] as string);
    else ignored.push(line);
  }
  return { processes, ignored };
}
