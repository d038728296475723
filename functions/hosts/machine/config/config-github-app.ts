/** Settings of the GitHub App by which services are connected to repositories. */
import { resolve } from 'node:path';
import * as z from 'zod';
import { ConfigError, parseSettings } from './config-parse.ts';

export interface GitHubAppConfig {
  /** The App's id, or its client id. */
  id: string;
  /** Absolute paths of files: the private key in PEM, and what the App's webhook signs with. */
  keyFile: string;
  secretFile: string;
  /** Where the API is, without a slash at its end. */
  api: string;
}

export const GITHUB_API = 'https://api.github.com';

const schema = z.object({
  BERTH_GITHUB_APP_ID: z
    .string()
    .regex(/^[A-Za-z0-9.]{1,64}$/, 'must be the id of the App, such as 123456')
    .optional(),
  BERTH_GITHUB_APP_KEY_FILE: z.string().optional(),
  BERTH_GITHUB_APP_WEBHOOK_SECRET_FILE: z.string().optional(),
  BERTH_GITHUB_APP_API: z
    .string()
    .regex(
      /^https?:\/\/[a-z0-9.-]{1,253}(?::\d{1,5})?(?:\/[\w./-]{0,100}[\w-])?$/,
      'must be the address of the API of a GitHub Enterprise Server, such as https://github.example.com/api/v3',
    )
    .optional(),
});

/** @throws ConfigError */
export function readGitHubAppConfig(given: Record<string, string>): GitHubAppConfig | undefined {
  const {
    BERTH_GITHUB_APP_ID: id,
    BERTH_GITHUB_APP_KEY_FILE: key,
    BERTH_GITHUB_APP_WEBHOOK_SECRET_FILE: secret,
    BERTH_GITHUB_APP_API: api = GITHUB_API,
  } = parseSettings(schema, given);
  if (id !== undefined && key !== undefined && secret !== undefined)
    return { id, keyFile: resolve(key), secretFile: resolve(secret), api };
  const stray = Object.keys(schema.shape).find((name) => given[name] !== undefined);
  if (stray === undefined) return undefined;
  throw new ConfigError(
    `${stray} can not be used: BERTH_GITHUB_APP_ID, BERTH_GITHUB_APP_KEY_FILE and BERTH_GITHUB_APP_WEBHOOK_SECRET_FILE go together.`,
  );
}
