/** A mail server for tests, of a package that others write, which keeps what it takes. */
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { TakenMail } from '../../contracts/outgoing/mail.ts';

export interface MailServer {
  url: string;
  /** What it took, the oldest first; `raw` is a message as it came. */
  taken: (TakenMail & { raw: string })[];
  close(): Promise<void>;
}

export const headerOf = (raw: string, name: string): string =>
  new RegExp(`^${name}: ((?:.|\\r\\n[ \\t])*)`, 'im').exec(raw)?.[1]?.replace(/\r\n(?=[ \t])/g, '') ?? '';

/** Text with words as RFC 2047 encodes them; what is cut within a character goes on in the word behind it. */
const decodeWords = (text: string): string =>
  text
    .replace(/(=\?UTF-8\?[BQ]\?[^?]*\?=)\s+(?==\?)/gi, '$1')
    .replace(/(?:=\?UTF-8\?[BQ]\?[^?]*\?=)+/gi, (run) => {
      const parts = [...run.matchAll(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi)].map(([, kind, coded = '']) =>
        kind?.toUpperCase() === 'B' ? Buffer.from(coded, 'base64') : quoted(coded.replaceAll('_', ' ')),
      );
      return Buffer.concat(parts).toString();
    });
const quoted = (text: string): Buffer =>
  Buffer.from(
    text
      .replace(/=\r\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );

function bodyOf(raw: string): string {
  const body = raw.slice(raw.indexOf('\r\n\r\n') + 4);
  const encoding = headerOf(raw, 'Content-Transfer-Encoding');
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  return encoding === 'quoted-printable' ? quoted(body).toString() : body;
}

/** @param options without any, it offers TLS by a certificate that nobody trusts */
export async function openMailServer(
  options: SMTPServerOptions = { disabledCommands: ['STARTTLS', 'AUTH'] },
): Promise<MailServer> {
  const taken: MailServer['taken'] = [];
  const server = new SMTPServer({
    authOptional: true,
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString();
        taken.push({
          raw,
          from: headerOf(raw, 'From'),
          to: envelope.rcptTo.map(({ address }) => address),
          subject: decodeWords(headerOf(raw, 'Subject')),
          text: bodyOf(raw),
        });
        done();
      });
    },
    ...options,
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    taken,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}
