/** Reads the environment, once. */
import { resolve } from 'node:path';
import * as z from 'zod';

/** A number as people write it: `Number` alone would take "", "0x10" and "1e3" as well. */
const numberFrom = (min: number, max: number, pattern: RegExp) =>
  z
    .string()
    .refine((text) => pattern.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a number from ${min} to ${max}`,
    })
    .transform(Number);

const schema = z.object({
  BERTH_PORT: numberFrom(0, 65535, /^\d{1,5}$/).default(4600),
  BERTH_HOST: z.string().default('127.0.0.1'),
  BERTH_DATA_DIR: z.string().default('.berth'),
  BERTH_DEMO: z.enum(['0', '1'], { error: 'must be 0 or 1' }).default('1'),
  BERTH_SWEEP_SECONDS: numberFrom(0.1, 3600, /^\d{1,4}(\.\d{1,3})?$/).default(1),
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

/** An empty variable is one that is not set. @throws ConfigError naming the variable and what it may be */
export function readConfig(environment: Record<string, string | undefined>): LocalConfig {
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new ConfigError(`${path.join('.')} can not be used: it ${message}.`);
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
