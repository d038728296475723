/** The guarantees of all that orders certificates. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TransientError } from '../../functions/core/problem.ts';
import type { Certificates } from '../../functions/ports/certificates.ts';

export interface CertificatesSubject {
  certificates: Certificates;
  /** One whose authority does not answer. */
  away: Certificates;
  /** What the domains answer, by token: an authority asks them by HTTP. */
  answers: Map<string, string>;
  dispose(): Promise<void>;
}

export function certificatesContract(name: string, makeSubject: () => Promise<CertificatesSubject>): void {
  describe(`Certificates contract: ${name}`, () => {
    let subject: CertificatesSubject;
    beforeAll(async () => {
      subject = await makeSubject();
    });
    afterAll(() => subject?.dispose());

    /** Asks again until there is an end. */
    async function end(order: { domain: string; url: string; key: string }): Promise<string> {
      for (;;) {
        const chain = await subject.certificates.finish(order);
        if (chain !== undefined) return chain;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }

    it('a domain that answers gets a certificate of its own, for the key that was given', async () => {
      const { certificates, answers } = subject;
      const key = await certificates.newKey();
      const { url, challenges } = await certificates.order('shop.example.com');
      for (const { token, answer } of challenges) answers.set(token, answer);
      const chain = await end({ domain: 'shop.example.com', url, key });
      const certificate = new X509Certificate(chain);
      expect(certificate.checkHost('shop.example.com')).toBe('shop.example.com');
      expect(certificate.checkHost('other.example.com')).toBeUndefined();
      expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
      expect(certificate.validToDate.getTime()).toBeGreaterThan(Date.now());
      // What was cut off after the end goes on with the same certificate.
      expect(await end({ domain: 'shop.example.com', url, key })).toBe(chain);
    });

    it('two keys are never the same, and two orders of a domain are two certificates', async () => {
      const { certificates, answers } = subject;
      const chains = new Set<string>();
      for (const key of [await certificates.newKey(), await certificates.newKey()]) {
        const { url, challenges } = await certificates.order('twice.example.com');
        for (const { token, answer } of challenges) answers.set(token, answer);
        chains.add(await end({ domain: 'twice.example.com', url, key }));
      }
      expect(chains.size).toBe(2);
    });

    it('a domain that does not answer is refused, with the reason, now and later', async () => {
      const { certificates } = subject;
      const key = await certificates.newKey();
      const { url } = await certificates.order('silent.example.com');
      const refused = expect.objectContaining({
        code: 'certificate_refused',
        message: expect.stringMatching(/\w{3}/),
      });
      await expect(end({ domain: 'silent.example.com', url, key })).rejects.toEqual(refused);
      await expect(end({ domain: 'silent.example.com', url, key })).rejects.toEqual(refused);
    });

    it('an authority that does not answer is worth another try', async () => {
      const { away } = subject;
      await expect(away.order('shop.example.com')).rejects.toThrow(TransientError);
      const order = {
        domain: 'shop.example.com',
        url: 'https://127.0.0.1:1/order',
        key: await away.newKey(),
      };
      await expect(away.finish(order)).rejects.toThrow(TransientError);
    });
  });
}
