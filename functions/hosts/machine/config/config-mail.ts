/** Settings of the mail server by which events are sent as e-mail. */
import * as z from 'zod';
import { ConfigError, parseSettings } from './config-parse.ts';

export interface MailConfig {
  /** `smtp://` or `smtps://`, with name and password where the server asks for them. */
  url: string;
  /** The sender's address. */
  from: string;
  /** Domains of recipients; that of the sender where there are none. */
  domains: string[];
}

const DOMAIN = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i;

/** An address with nothing behind its host: a query would be options of the connection, and turn off TLS. */
function isMailServer(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '') return false;
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') return false;
  try {
    for (const part of [url.username, url.password]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

const schema = z.object({
  BERTH_SMTP_URL: z
    .string()
    .refine(isMailServer, {
      error:
        'must be the address of a mail server with nothing behind its host, such as smtps://name:password@smtp.example.com; special characters of the password are written as %40',
    })
    .optional(),
  BERTH_MAIL_FROM: z.email({ error: 'must be an address, such as berth@example.com' }).optional(),
  BERTH_MAIL_DOMAINS: z
    .string()
    .transform((text) => text.split(',').map((domain) => domain.trim().toLowerCase()))
    .refine((domains) => domains.every((domain) => DOMAIN.test(domain)), {
      error: 'must be domains separated by commas, such as example.com,example.org',
    })
    .optional(),
});

/** @throws ConfigError */
export function readMailConfig(given: Record<string, string>): MailConfig | undefined {
  const {
    BERTH_SMTP_URL: url,
    BERTH_MAIL_FROM: from,
    BERTH_MAIL_DOMAINS: domains,
  } = parseSettings(schema, given);
  if (url !== undefined && from !== undefined) return { url, from, domains: domains ?? [] };
  const stray = Object.keys(schema.shape).find((name) => given[name] !== undefined);
  if (stray === undefined) return undefined;
  throw new ConfigError(`${stray} can not be used: BERTH_SMTP_URL and BERTH_MAIL_FROM go together.`);
}
