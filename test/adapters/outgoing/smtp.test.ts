/** E-mail over SMTP, to a server of the package that others write. */
import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSmtpMail } from '../../../functions/adapters/outgoing/smtp.ts';
import { mailContract } from '../../contracts/outgoing/mail.ts';
import { headerOf, type MailServer, openMailServer } from '../../support/mail/mail-server.ts';

const SECRET = 'the-password-of-berth';
const mailBy = (url: string, timeoutMs = 5_000) =>
  createSmtpMail({ url, from: 'berth@example.com', domains: ['example.com', 'example.org'], timeoutMs });
const message = { to: 'team@example.com', subject: 'Test', text: 'Text\n', id: 'msg_1' };

let server: MailServer;
beforeAll(async () => {
  server = await openMailServer();
});
afterAll(() => server.close());

mailContract('SMTP', async () => ({ mail: mailBy(server.url), taken: async () => server.taken }));

describe('SMTP', () => {
  /** What came of one message to a server of its own. */
  async function sendTo(options: Parameters<typeof openMailServer>[0], login = '') {
    const other = await openMailServer(options);
    try {
      return await mailBy(other.url.replace('smtp://', `smtp://${login}`)).send(message);
    } finally {
      await other.close();
    }
  }

  it('names a message by its id, and what belongs together by its thread', async () => {
    await mailBy(server.url).send({ ...message, thread: 'alert-7' });
    const raw = server.taken.at(-1)?.raw ?? '';
    expect(headerOf(raw, 'Message-ID')).toBe('<msg_1@example.com>');
    expect(headerOf(raw, 'References')).toBe('<alert-7@example.com>');
    expect(headerOf(raw, 'Auto-Submitted')).toBe('auto-generated');
  });

  it('a line break in a subject makes no header', async () => {
    await mailBy(server.url).send({
      ...message,
      subject: 'One\r\nBcc: all@example.com',
    });
    expect(headerOf(server.taken.at(-1)?.raw ?? '', 'Bcc')).toBe('');
    expect(server.taken.at(-1)?.to).toEqual(['team@example.com']);
  });

  it('says why a server takes nothing, without what the server said', async () => {
    const refuse = (code: number, at: 'onRcptTo' | 'onMailFrom') => ({
      disabledCommands: ['STARTTLS', 'AUTH'],
      [at]: (_: unknown, __: unknown, done: (error: Error) => void) =>
        done(Object.assign(new Error('inner words'), { responseCode: code })),
    });
    expect(await sendTo(refuse(550, 'onRcptTo'))).toEqual({
      fault: 'the mail server refuses the sender or the recipient (550)',
    });
    const login = { disabledCommands: ['STARTTLS'], allowInsecureAuth: true, authOptional: false };
    const refused = await sendTo(
      { ...login, onAuth: (_, __, done) => done(new Error('inner words')) },
      `berth:${SECRET}@`,
    );
    expect(refused.fault).toMatch(/^the mail server refuses the name or password of Berth/);
    expect(refused.fault).not.toContain(SECRET);
    expect((await sendTo({})).fault).toMatch(/TLS that can be trusted/);
  });

  it('leaves nothing on the signal of its caller', async () => {
    const { signal } = new AbortController();
    await mailBy(server.url).send(message, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('comes to an end where nothing listens, or nothing answers', async () => {
    expect((await mailBy('smtp://127.0.0.1:1').send(message)).fault).toMatch(/could not be reached/);
    const silent = await openMailServer({ onConnect: () => undefined });
    expect((await mailBy(silent.url, 300).send(message)).fault).toMatch(/in time/);
    await silent.close();
  });
});
