/** Settings of domains of customers, and of who issues certificates for them. */
import { resolve } from 'node:path';
import * as z from 'zod';
import { ConfigError, parseSettings } from './config-parse.ts';

export interface DomainsConfig {
  /** Name servers that are asked, as `127.0.0.1:53`; those of the system where undefined. */
  dnsServers?: string[];
  /** A name whose subdomains all lead to this machine. */
  target?: string;
  /** From whom certificates are ordered; nothing is ordered where undefined. */
  acme?: {
    directory: string;
    email?: string;
    /** The file with the root that issued the directory's own certificate. */
    authorityFile?: string;
    /** 0 lets the system choose a port. */
    httpsPort: number;
  };
}

const HTTPS_PORT = 4643;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]{2,39}\])(?::\d{1,5})?$/i;
const HOST = /^(?=.{4,200}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}$/;

const schema = z.object({
  BERTH_ACME_DIRECTORY: z
    .string()
    .regex(/^https:\/\/[^\s@#]{1,500}$/, 'must be the https address of a directory')
    .optional(),
  BERTH_ACME_EMAIL: z
    .string()
    .regex(/^[^\s@,:;<>]{1,64}@[^\s@,:;<>]{1,200}$/, 'must be an e-mail address')
    .optional(),
  BERTH_ACME_TERMS: z.literal('accepted', { error: 'must be `accepted`' }).optional(),
  BERTH_ACME_CA_FILE: z.string().optional(),
  BERTH_HTTPS_PORT: z
    .string()
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, 'must be a number from 0 to 65535')
    .transform(Number)
    .optional(),
  BERTH_DNS_SERVERS: z
    .string()
    .transform((text) => text.split(','))
    .refine(
      (list) => list.length <= 10 && list.every((one) => ADDRESS.test(one)),
      'must be addresses of name servers, separated by commas, such as 10.0.0.2 or 127.0.0.1:8053',
    )
    .optional(),
  BERTH_DOMAINS_TARGET: z
    .string()
    .regex(HOST, 'must be a host name whose subdomains lead to this machine, such as apps.example.com')
    .optional(),
});

const WITH_DIRECTORY = ['BERTH_ACME_EMAIL', 'BERTH_ACME_TERMS', 'BERTH_ACME_CA_FILE', 'BERTH_HTTPS_PORT'];

/** @throws ConfigError */
export function readDomainsConfig(given: Record<string, string>): DomainsConfig {
  const values = parseSettings(schema, given);
  const directory = values.BERTH_ACME_DIRECTORY;
  const stray = WITH_DIRECTORY.find((name) => given[name] !== undefined);
  if (directory === undefined && stray !== undefined)
    throw new ConfigError(`${stray} can not be used: it goes with BERTH_ACME_DIRECTORY, which is not set.`);
  if (directory !== undefined && values.BERTH_ACME_TERMS === undefined)
    throw new ConfigError(
      'BERTH_ACME_DIRECTORY can not be used: BERTH_ACME_TERMS has to be `accepted`, once you have read the terms of the authority.',
    );
  const { BERTH_ACME_EMAIL: email, BERTH_ACME_CA_FILE: file } = values;
  return {
    ...(values.BERTH_DNS_SERVERS && { dnsServers: values.BERTH_DNS_SERVERS }),
    ...(values.BERTH_DOMAINS_TARGET !== undefined && { target: values.BERTH_DOMAINS_TARGET }),
    ...(directory !== undefined && {
      acme: {
        directory,
        ...(email !== undefined && { email }),
        ...(file !== undefined && { authorityFile: resolve(file) }),
        httpsPort: values.BERTH_HTTPS_PORT ?? HTTPS_PORT,
      },
    }),
  };
}
