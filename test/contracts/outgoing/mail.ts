/** The guarantees of all Mail. */
import { describe, expect, it } from 'vitest';
import type { Mail } from '../../../functions/ports/mail.ts';

export interface TakenMail {
  from: string;
  to: string[];
  subject: string;
  text: string;
}

export interface MailSubject {
  /** From berth@example.com, to addresses at example.com and example.org. */
  mail: Mail;
  /** What the server took so far, the oldest first. */
  taken(): Promise<TakenMail[]>;
}

/** @param subject is asked for in each test */
export function mailContract(name: string, subject: () => Promise<MailSubject>): void {
  describe(`Mail contract: ${name}`, () => {
    const message = { subject: '[demo] Übergröße: 4.1 % of requests fail', text: 'Zeile 1\n.\nZeile 3 🚢\n' };

    it('hands a message over as it is, one for each call', async () => {
      const { mail, taken } = await subject();
      const before = (await taken()).length;
      expect(await mail.send({ ...message, to: 'team@example.com', id: 'one' })).toEqual({});
      expect(await mail.send({ ...message, to: 'ops@example.org', id: 'two', thread: 'alert-1' })).toEqual(
        {},
      );
      const found = (await taken()).slice(before);
      expect(found.map(({ to }) => to)).toEqual([['team@example.com'], ['ops@example.org']]);
      for (const each of found) {
        expect(each).toMatchObject({
          subject: message.subject,
          from: expect.stringContaining('berth@example.com'),
        });
        expect(each.text.replaceAll('\r\n', '\n').trim()).toBe(message.text.trim());
      }
    });

    it('takes one mailbox of a domain that is allowed, and says of others what they must be', async () => {
      const { mail } = await subject();
      for (const to of ['team@example.com', 'Some.One+berth@EXAMPLE.org'])
        expect(mail.refusal(to), to).toBeUndefined();
      const refused = [
        ...['', 'team', '@example.com', 'team@', 'a@b@example.com', 'team@example.com.evil.test'],
        ...[
          'one@example.com,two@example.com',
          'team@example.com\r\nBcc: all@example.com',
          'team@sub.example.com',
        ],
        ...['"team"<x@example.com>', `${'a'.repeat(250)}@example.com`],
      ];
      for (const to of refused) expect(mail.refusal(to), to).toMatch(/^be an? |^be the /);
    });

    it('sends nothing to an address that it refuses', async () => {
      const { mail, taken } = await subject();
      const before = (await taken()).length;
      const { fault } = await mail.send({ ...message, to: 'someone@evil.test', id: 'three' });
      expect(fault).toContain('example.com');
      expect(await taken()).toHaveLength(before);
    });

    it('is ended by its signal without rejecting', async () => {
      const { mail } = await subject();
      const { fault } = await mail.send(
        { ...message, to: 'team@example.com', id: 'four' },
        AbortSignal.abort(),
      );
      expect(fault).toMatch(/\w/);
    });
  });
}
