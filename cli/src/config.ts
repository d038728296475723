/** What the command line remembers: servers with their tokens, and which folder is which service. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Context {
  /** Origin of a Berth, such as `https://berth.example.com`. */
  server: string;
  token?: string;
  /** Id of the token, by which signing out revokes it. */
  tokenId?: string;
}

export interface Link {
  server?: string;
  project?: string;
  environment?: string;
  service?: string;
}

export interface Config {
  /** Name of the context that is used unless another is asked for. */
  current?: string;
  contexts: Record<string, Context>;
  /** By the absolute path of the folder. */
  links: Record<string, Link>;
}

/** `$XDG_CONFIG_HOME/berth/config.json`, of which the owner alone can read the tokens. */
export const configPath = (): string =>
  join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'berth', 'config.json');

/** @throws Error when the file is there and can not be understood */
export function readConfig(): Config {
  let text: string;
  try {
    text = readFileSync(configPath(), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { contexts: {}, links: {} };
  }
  try {
    const { current, contexts = {}, links = {} } = JSON.parse(text) as Partial<Config>;
    return { ...(current !== undefined && { current }), contexts, links };
  } catch {
    throw new Error(`${configPath()} is not JSON. Delete it and sign in again: berth login`);
  }
}

/** Reads, changes and writes as a whole, so that a run that is killed leaves the file as it was. */
export function changeConfig(change: (config: Config) => void): void {
  const config = readConfig();
  change(config);
  const path = configPath();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const made = `${path}.${randomBytes(4).toString('hex')}`;
  writeFileSync(made, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  renameSync(made, path);
}

/** The link of a folder, or of the nearest one above it. */
export function linkOf({ links }: Config, folder: string): Link {
  for (let at = folder; ; at = dirname(at)) {
    const link = links[at];
    if (link) return link;
    if (at === dirname(at)) return {};
  }
}
