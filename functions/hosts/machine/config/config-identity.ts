/** Settings of an identity provider that takes the place of the built-in one. */
import { resolve } from 'node:path';
import * as z from 'zod';
import { ConfigError, parseSettings } from './config-parse.ts';

export interface IdentityConfig {
  issuer: string;
  /** The console's client. */
  clientId: string;
  /** Absolute path of a file with the console's secret. */
  clientSecretFile?: string;
  /** The client of terminals; the console's unless given. */
  terminalClientId?: string;
  /** The audiences that bearer tokens may have; the two clients unless given. */
  audience?: string[];
  rules: { groupsClaim?: string; administrator?: string; administratorGroup?: string };
}

const schema = z.object({
  BERTH_ISSUER: z
    .url({ protocol: /^https?$/, error: 'must be the address of an OpenID Connect issuer' })
    .optional(),
  BERTH_CLIENT_ID: z.string().optional(),
  BERTH_CLIENT_SECRET_FILE: z.string().optional(),
  BERTH_TERMINAL_CLIENT_ID: z.string().optional(),
  BERTH_AUDIENCE: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((parts) => parts.every((part) => part !== ''), { error: 'must be names, separated by commas' })
    .optional(),
  BERTH_GROUPS_CLAIM: z.string().optional(),
  BERTH_ADMINISTRATOR: z.string().optional(),
  BERTH_ADMINISTRATOR_GROUP: z.string().optional(),
});

/** @throws ConfigError */
export function readIdentityConfig(given: Record<string, string>): IdentityConfig | undefined {
  const values = parseSettings(schema, given);
  const { BERTH_ISSUER: issuer, BERTH_CLIENT_ID: clientId } = values;
  const stray = Object.keys(schema.shape).find((name) => given[name] !== undefined);
  if (stray === undefined) return undefined;
  if (issuer === undefined || clientId === undefined) {
    throw new ConfigError(`${stray} can not be used: it goes with BERTH_ISSUER and BERTH_CLIENT_ID.`);
  }
  const file = values.BERTH_CLIENT_SECRET_FILE;
  return {
    issuer,
    clientId,
    ...present({
      clientSecretFile: file === undefined ? undefined : resolve(file),
      terminalClientId: values.BERTH_TERMINAL_CLIENT_ID,
      audience: values.BERTH_AUDIENCE,
    }),
    rules: present({
      groupsClaim: values.BERTH_GROUPS_CLAIM,
      administrator: values.BERTH_ADMINISTRATOR,
      administratorGroup: values.BERTH_ADMINISTRATOR_GROUP,
    }),
  };
}

type Present<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

const present = <T extends object>(values: T): Present<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>;
