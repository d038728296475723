/**
 * How severe a line of a log is, by its own words. Programs write levels in many ways, so that the result is a guess.
 */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const words: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  trc: 'trace',
  silly: 'trace',
  verbose: 'debug',
  debug: 'debug',
  dbg: 'debug',
  fine: 'debug',
  info: 'info',
  inf: 'info',
  information: 'info',
  informational: 'info',
  notice: 'info',
  log: 'info',
  warn: 'warn',
  wrn: 'warn',
  warning: 'warn',
  error: 'error',
  err: 'error',
  severe: 'error',
  critical: 'fatal',
  crit: 'fatal',
  fatal: 'fatal',
  ftl: 'fatal',
  panic: 'fatal',
  alert: 'fatal',
  emerg: 'fatal',
  emergency: 'fatal',
};

const fromWord = (word: string): LogLevel | undefined => {
  const key = word.toLowerCase();
  return Object.hasOwn(words, key) ? words[key] : undefined;
};

/** Levels in steps of ten, as pino and Bunyan count. */
const fromNumber = (value: number): LogLevel | undefined =>
  value >= 10 && value <= 60 ? LOG_LEVELS[Math.floor(value / 10) - 1] : undefined;

const FIELDS = [
  'level',
  'severity',
  'lvl',
  'log.level',
  'levelname',
  'loglevel',
  'severityText',
  '@l',
] as const;
/** A level stands near the beginning of a line, behind a time and a name at most. */
const HEAD = 120;
const COLOURS = /\u001b\[[0-9;]{0,20}m/g;
const LOGFMT = /(?:^|\s)(?:level|lvl|severity)="?([A-Za-z]{3,13})\b/;
const CAPITALS = /(?:^|[\s[(<|{:-])([A-Z]{3,13})(?=$|[\s\])>|}:!,-])/g;
const BRACKETED = /(?:^|\s)[[(<]([A-Za-z]{3,13})[\])>]/;
const LEADING = /^([A-Za-z]{3,13}):\s/;
/** The format of Kubernetes' own programs: a letter, month and day. */
const KLOG = /^([DIWEF])\d{4} \d{2}:\d{2}:\d{2}/;
const klog: Readonly<Record<string, LogLevel>> = { D: 'debug', I: 'info', W: 'warn', E: 'error', F: 'fatal' };
/** `<priority>` of syslog; the lowest three bits are the severity. */
const SYSLOG = /^<(\d{1,3})>/;
const syslog: readonly LogLevel[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'];
/** How runtimes print an error that nobody caught. */
const THROWN =
  /^(?:Uncaught )?(?:[A-Z][A-Za-z]{0,60}(?:Error|Exception)\b(?::|$| \[)|Traceback \(most recent)/;
/** A line inside a trace, by its form alone: Node.js and Java, Python, Go and Ruby. */
const FRAME =
  /^(?:\s+at \S.{0,100}(?:[:(]\d|\(|<anonymous>|node:|file:)|\s+File "[^"]{1,100}", line \d|\s+\.\.\. \d+ (?:more|lines)|Caused by: |\s+from \S{1,100}:\d+:in )|^\s+\[cause\]: |^ {2,8}(?:code|errno|syscall|address|port|path|hostname|spawnargs|severity|detail|hint): (?:['"`\d[-]|undefined|null)/;
/** A frame of Python's, below which the line of the source is quoted. */
const PYTHON_FRAME = /^\s+File "[^"]{1,100}", line \d/;
const QUOTED_SOURCE = /^ {4}\s*\S/;
/** How Python points into that line. */
const POINTER = /^\s+[~^][~^\s]*$/;
const NODE_WARNING = /^\(node:\d+\) (?:\[[A-Z0-9]+\] )?[A-Za-z]*Warning:/;

function fromJson(text: string): LogLevel | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (record === null || typeof record !== 'object') return undefined;
  for (const field of FIELDS) {
    const value = Object.hasOwn(record, field) ? (record as Record<string, unknown>)[field] : undefined;
    const level =
      typeof value === 'string' ? fromWord(value) : typeof value === 'number' ? fromNumber(value) : undefined;
    if (level) return level;
  }
  return undefined;
}

/** @returns undefined where the line does not say */
export function levelOf(message: string): LogLevel | undefined {
  const text = message.includes('\u001b') ? message.replaceAll(COLOURS, '') : message;
  const start = text.trimStart();
  if (start.startsWith('{')) return fromJson(start);
  const head = start.slice(0, HEAD);
  const [, letter] = KLOG.exec(head) ?? [];
  if (letter !== undefined) return klog[letter];
  const [, priority] = SYSLOG.exec(head) ?? [];
  if (priority !== undefined && Number(priority) < 192) return syslog[Number(priority) % 8];
  for (const pattern of [LOGFMT, BRACKETED, LEADING]) {
    const [, word] = pattern.exec(head) ?? [];
    const level = word === undefined ? undefined : fromWord(word);
    if (level) return level;
  }
  for (const [, word] of head.matchAll(CAPITALS)) {
    const level = fromWord(word!);
    if (level && word !== 'LOG' && word !== 'FINE') return level;
  }
  if (THROWN.test(head) || FRAME.test(text.slice(0, HEAD))) return 'error';
  return NODE_WARNING.test(head) ? 'warn' : undefined;
}

/** Tells whether a line is a frame of Python's, which the lines below it may belong to. */
export const quotesSource = (line: string): boolean => PYTHON_FRAME.test(line);

/**
 * Tells whether a line is the source that a trace of Python quotes, which nothing in it says by itself.
 * @param before the two lines before it, the nearest first
 */
export const isQuotedSource = (line: string, [nearest = '', second = '']: readonly string[]): boolean =>
  QUOTED_SOURCE.test(line) && (quotesSource(nearest) || (POINTER.test(line) && quotesSource(second)));

/** Tells whether a level is at least as severe as another. */
export const isAtLeast = (level: LogLevel, least: LogLevel): boolean =>
  LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
