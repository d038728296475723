/** What an import gives, and what it is made from. */

/** Texts of manifests by their paths from the top of the source, with slashes. */
export type ManifestFiles = ReadonlyMap<string, string>;

/**
 * Something that was not carried over. `edit`: it does not run right until somebody changes the source or the Score file.
 * `set`: a value or a setting that is Berth's to keep has to be given once. `note`: it runs without.
 */
export interface Left {
  kind: 'edit' | 'set' | 'note';
  /** The service that it is of, or the file. */
  of: string;
  what: string;
  /** What to do about it, a sentence. */
  todo: string;
}

export interface ImportedJob {
  name: string;
  /** Five fields of cron, in UTC. */
  schedule: string;
  command: string[];
  /** Such as `90m`. */
  timeout?: string;
  retries?: number;
}

export interface ImportedService {
  name: string;
  /** What is built of the source; empty where it is the whole. */
  folder: string;
  /** Path of its Score file. */
  score: string;
  jobs: ImportedJob[];
}

export interface Imported {
  from: ('compose' | 'copilot' | 'heroku')[];
  /** In the order in which they can be deployed. */
  services: ImportedService[];
  /** Score files, and the variables of environments as `.env` files: paths from the top of the source. */
  files: { path: string; text: string }[];
  /** Which file has the variables of which environment; without a name, of all others. */
  variables: { environment?: string; path: string }[];
  /** Secrets that services read, to be set in each environment. */
  secrets: { name: string; was: string }[];
  left: Left[];
}
