/** Settings of a Vault whose secrets projects may come to refer to. */
import { resolve } from 'node:path';
import * as z from 'zod';
import { ConfigError, parseSettings } from './config-parse.ts';

export interface VaultConfig {
  /** Without a path. */
  address: string;
  namespace?: string;
  /**
   * The file has a token of Vault; or a JWT that the method at the mount takes for the role. Without one the AWS
   * credentials of this machine sign in there.
   */
  login:
    | { kind: 'token'; file: string }
    | { kind: 'jwt'; file: string; mount: string; role: string }
    | { kind: 'aws'; mount: string; role: string };
}

const WORD = /^[\w.-]{1,128}(\/[\w.-]{1,128}){0,5}$/;

const schema = z.object({
  BERTH_VAULT_ADDR: z
    .string()
    .regex(/^https?:\/\/[a-z0-9.-]{1,253}(?::\d{1,5})?$/, 'must be an address without a path')
    .optional(),
  BERTH_VAULT_NAMESPACE: z.string().regex(WORD, 'must be a namespace of Vault').optional(),
  BERTH_VAULT_TOKEN_FILE: z.string().optional(),
  BERTH_VAULT_JWT_FILE: z.string().optional(),
  BERTH_VAULT_ROLE: z.string().regex(WORD, 'must be the name of a role of Vault').optional(),
  BERTH_VAULT_AUTH: z.string().regex(WORD, 'must be the mount of a method, such as kubernetes').optional(),
});

/** @throws ConfigError */
export function readVaultConfig(given: Record<string, string>): VaultConfig | undefined {
  const values = parseSettings(schema, given);
  const { BERTH_VAULT_ADDR: address, BERTH_VAULT_TOKEN_FILE: token, BERTH_VAULT_JWT_FILE: jwt } = values;
  const { BERTH_VAULT_ROLE: role, BERTH_VAULT_AUTH: mount, BERTH_VAULT_NAMESPACE: namespace } = values;
  if (address === undefined) {
    const stray = Object.keys(schema.shape).find((name) => given[name] !== undefined);
    if (stray === undefined) return undefined;
    throw new ConfigError(`${stray} can not be used: it goes with BERTH_VAULT_ADDR, which is not set.`);
  }
  const base = { address, ...(namespace !== undefined && { namespace }) };
  if (token !== undefined && jwt === undefined && role === undefined && mount === undefined)
    return { ...base, login: { kind: 'token', file: resolve(token) } };
  if (jwt !== undefined && role !== undefined && token === undefined)
    return { ...base, login: { kind: 'jwt', file: resolve(jwt), mount: mount ?? 'kubernetes', role } };
  if (role !== undefined && token === undefined)
    return { ...base, login: { kind: 'aws', mount: mount ?? 'aws', role } };
  throw new ConfigError(
    'BERTH_VAULT_ADDR can not be used: it needs either BERTH_VAULT_TOKEN_FILE, or BERTH_VAULT_ROLE, with BERTH_VAULT_JWT_FILE unless AWS credentials sign in.',
  );
}
