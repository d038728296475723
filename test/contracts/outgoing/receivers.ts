/** The guarantees of all Receivers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Receivers } from '../../../functions/ports/receivers.ts';

export interface ReceiversSubject {
  receivers: Receivers;
  dispose(): Promise<void>;
}

/** @param makeSubject may send to the origin, and to no other that is not public; gives up after two seconds */
export function receiversContract(
  name: string,
  makeSubject: (origin: string) => Promise<ReceiversSubject>,
): void {
  describe(`Receivers contract: ${name}`, () => {
    const seen: { method?: string; url?: string; type?: string; body: string }[] = [];
    const receiver = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, type: headers['content-type'] ?? '', body: Buffer.concat(chunks).toString() });
      if (url === '/silent') return;
      if (url === '/say') return void response.end('said');
      if (url === '/hang-up') return void request.socket.destroy();
      if (url === '/elsewhere') return void response.writeHead(307, { location: '/in' }).end();
      response.writeHead(Number(url.slice(1)) || 200).end('x'.repeat(5_000_000));
    });
    let origin: string;
    let subject: ReceiversSubject;
    beforeAll(async () => {
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
      origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
      subject = await makeSubject(origin);
    });
    afterAll(async () => {
      await subject.dispose();
      receiver.closeAllConnections();
      receiver.close();
    });

    const message = { headers: { 'content-type': 'text/plain' }, body: 'ä body' };
    const post = (path: string, signal?: AbortSignal) =>
      subject.receivers.post(origin + path, message, signal);

    it('POSTs body and headers as they are', async () => {
      expect(await post('/in?x=1')).toEqual({ status: 200 });
      expect(seen.at(-1)).toEqual({ method: 'POST', url: '/in?x=1', type: 'text/plain', body: 'ä body' });
    });

    it.each([200, 204, 404, 410, 500])('tells the status %i, and waits for no body', async (status) => {
      expect(await post(`/${status}`)).toEqual({ status });
    });

    it('asks by the method that is named, and reads the answer up to a bound', async () => {
      const ask = (method: string, path: string) =>
        subject.receivers.ask({ method, url: origin + path, headers: { accept: 'text/plain' } });
      expect(await ask('GET', '/say')).toEqual({ status: 200, text: 'said' });
      expect(await ask('PATCH', '/say')).toEqual({ status: 200, text: 'said' });
      expect(seen.at(-1)).toMatchObject({ method: 'PATCH', url: '/say', body: '' });
      expect(await ask('GET', '/404')).toEqual({ status: 404, text: '' });
      for (const path of ['/elsewhere', '/silent', '/hang-up'])
        expect(await ask('GET', path), path).toEqual({ fault: expect.stringMatching(/\w/) });
    });

    it('never rejects: a redirect, silence and an end of the connection are faults, and tried once', async () => {
      const before = seen.length;
      for (const path of ['/elsewhere', '/silent', '/hang-up'])
        expect(await post(path), path).toEqual({ fault: expect.stringMatching(/\w/) });
      expect(seen.slice(before).map(({ url }) => url)).toEqual(['/elsewhere', '/silent', '/hang-up']);
    });

    it('ends early when its signal aborts, or has aborted before', async () => {
      const from = performance.now();
      expect(await post('/silent', AbortSignal.timeout(50))).toHaveProperty('fault');
      expect(performance.now() - from).toBeLessThan(1_900);
      const before = seen.length;
      expect(await post('/in', AbortSignal.abort())).toHaveProperty('fault');
      expect(seen).toHaveLength(before);
    });

    it('takes what may be sent to, and says of other addresses what they must be', () => {
      const { receivers } = subject;
      for (const url of ['https://hooks.example.com/in', `${origin}/in`])
        expect(receivers.refusal(url), url).toBeUndefined();
      const refused = [
        'no url',
        'ftp://example.com/',
        'http://example.com/',
        'https://127.0.0.1/',
        'https://[::1]/',
        'https://10.0.0.1/in',
        'https://169.254.169.254/latest',
        'https://user:secret@example.com/',
        'https://example.com/#part',
      ];
      for (const url of refused) {
        expect(receivers.refusal(url), url).toMatch(/^(be|have|hold) /);
        expect(receivers.refusal(url), url).not.toContain('secret');
      }
    });

    it('sends nothing to an address that it refuses', async () => {
      const before = seen.length;
      const elsewhere = origin.replace('127.0.0.1', '127.0.0.2');
      for (const url of [elsewhere, origin.replace('http:', 'https:'), 'https://10.0.0.1/', 'no url'])
        for (const answer of [
          await subject.receivers.post(url, message),
          await subject.receivers.ask({ method: 'GET', url, headers: {} }),
        ])
          expect(answer, url).toHaveProperty('fault');
      expect(seen).toHaveLength(before);
    });
  });
}
