/** E-mail by a mail server, over SMTP. */
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import { domainOf, type MailSettings, recipientRefusal } from '../../core/events/formats/mail-recipients.ts';
import { limits } from '../../core/limits.ts';
import type { Mail } from '../../ports/mail.ts';

export interface SmtpOptions extends MailSettings {
  /** `smtp://` (TLS by STARTTLS) or `smtps://`, with name and password where the server asks for them. */
  url: string;
  /** The time for a message, milliseconds. */
  timeoutMs?: number;
}

const faults: Readonly<Record<string, string>> = {
  EAUTH: 'the mail server refuses the name or password of Berth',
  ENOAUTH: 'the mail server refuses the name or password of Berth',
  EDNS: 'the name of the mail server is not known',
  ETLS: 'the mail server offers no TLS that can be trusted',
  ETIMEDOUT: 'the mail server did not answer in time',
  EENVELOPE: 'the mail server refuses the sender or the recipient',
  EMESSAGE: 'the mail server refuses the message',
};

/** The text of the server is not told: it may have what is not for users. */
function faultOf(error: unknown): string {
  const { code = '', responseCode, message } = error as Error & { code?: string; responseCode?: number };
  // What is wrong with a certificate has no code of its own.
  const isUntrusted = /certificate|altname/i.test(message);
  const words = faults[isUntrusted ? 'ETLS' : code] ?? 'the mail server could not be reached';
  return responseCode === undefined ? words : `${words} (${responseCode})`;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) === 4 && host.startsWith('127.')) || host === '[::1]';

export function createSmtpMail(options: SmtpOptions): Mail {
  const { url, from, timeoutMs = limits.webhookSeconds.value * 1000 } = options;
  const { hostname } = new URL(url);
  const domain = domainOf(from);
  return {
    refusal: (address) => recipientRefusal(options, address),
    async send({ to, subject, text, id, thread }, signal) {
      const refused = recipientRefusal(options, to);
      if (refused !== undefined) return { fault: `the recipient must ${refused}` };
      if (signal?.aborted) return { fault: 'it was ended before it was sent' };
      // A connection for each message: hours may pass between two.
      const transport = createTransport({
        url,
        // A password goes over nothing that others can read.
        requireTLS: !isLoopback(hostname),
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        dnsTimeout: timeoutMs,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      // The signal of the caller lives longer than a message.
      const done = new AbortController();
      const once = { once: true, signal: done.signal };
      const ended = new Promise<{ fault: string }>((resolve) => {
        const within = AbortSignal.timeout(timeoutMs);
        within.addEventListener(
          'abort',
          () => resolve({ fault: 'the mail server did not answer in time' }),
          once,
        );
        signal?.addEventListener('abort', () => resolve({ fault: 'it was ended before it was sent' }), once);
      });
      const sending = transport
        .sendMail({
          from: { name: 'Berth', address: from },
          to: { name: '', address: to },
          subject,
          text,
          messageId: `<${id}@${domain}>`,
          ...(thread !== undefined && { references: [`<${thread}@${domain}>`] }),
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
        .then(
          () => ({}),
          (error: unknown) => ({ fault: faultOf(error) }),
        );
      try {
        return await Promise.race([sending, ended]);
      } finally {
        done.abort();
        transport.close();
      }
    },
  };
}
