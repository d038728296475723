/** Reads the environment, once. */
import { resolve } from 'node:path';
import * as z from 'zod';

const schema = z.object({
  BERTH_PORT: z.coerce.number().int().min(0).max(65535).default(4600),
  BERTH_HOST: z.string().min(1).default('127.0.0.1'),
  BERTH_DATA_DIR: z.string().min(1).default('.berth'),
  BERTH_DEMO: z.enum(['0', '1']).default('1'),
  BERTH_SWEEP_SECONDS: z.coerce.number().min(0.1).max(3600).default(1),
});

export interface LocalConfig {
  /** 0 lets the system choose. */
  port: number;
  /** Address to listen on. */
  host: string;
  /** Absolute. */
  dataDirectory: string;
  demo: boolean;
  sweepSeconds: number;
}

/** A setting that can not be used. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** @throws ConfigError naming the variable and what it may be */
export function readConfig(environment: Record<string, string | undefined>): LocalConfig {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new ConfigError(`${issue.path.join('.')} can not be used: ${issue.message}.`);
  }
  const values = parsed.data;
  return {
    port: values.BERTH_PORT,
    host: values.BERTH_HOST,
    dataDirectory: resolve(values.BERTH_DATA_DIR),
    demo: values.BERTH_DEMO === '1',
    sweepSeconds: values.BERTH_SWEEP_SECONDS,
  };
}
