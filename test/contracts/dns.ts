/** The guarantees of all that asks the DNS. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dns } from '../../functions/ports/dns.ts';

export interface DnsSubject {
  dns: Dns;
  setText(name: string, ...texts: string[]): Promise<void>;
  setAlias(name: string, target: string): Promise<void>;
  /** A name whose servers do not answer, or fail. */
  broken: string;
  dispose(): Promise<void>;
}

export function dnsContract(name: string, makeSubject: () => Promise<DnsSubject>): void {
  describe(`Dns contract: ${name}`, () => {
    let subject: DnsSubject;
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject?.dispose());

    it('gives the texts of a name, all of them and each whole', async () => {
      await subject.setText('_berth.texts.example.com', 'berth-verify=one', 'x'.repeat(200));
      const answer = await subject.dns.txt('_berth.texts.example.com');
      expect(answer).toEqual({ records: expect.arrayContaining(['berth-verify=one', 'x'.repeat(200)]) });
    });

    it('gives where a name points to, in lower case and without a dot at its end', async () => {
      await subject.setAlias('www.alias.example.com', 'Token.Apps.Example.Net');
      expect(await subject.dns.cname('www.alias.example.com')).toEqual({
        records: ['token.apps.example.net'],
      });
    });

    it('a name without such a record has none, which is no fault', async () => {
      expect(await subject.dns.txt('_berth.nothing.example.com')).toEqual({ records: [] });
      expect(await subject.dns.cname('nothing.example.com')).toEqual({ records: [] });
    });

    it('says in words why there is no answer, and never rejects', async () => {
      expect(await subject.dns.txt(subject.broken)).toEqual({ fault: expect.stringMatching(/name servers/) });
      expect(await subject.dns.cname(subject.broken)).toEqual({
        fault: expect.stringMatching(/name servers/),
      });
    });
  });
}
