/** A certificate authority in memory: it asks for the challenge as a real one does, and can be away. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Problem, TransientError } from '../../../functions/core/problem.ts';
import type { Certificates } from '../../../functions/ports/certificates.ts';
import { makeCertificate } from './x509.ts';

type State = 'pending' | 'ready' | 'invalid' | string;

export interface TestAuthority extends Certificates {
  /** Does not answer. */
  away: boolean;
  /** What was ordered, by domain. */
  ordered: string[];
}

export interface AuthorityOptions {
  now(): number;
  lifeMs?: number;
  /** What the domain answers at the challenge's path. */
  ask(domain: string, token: string): Promise<string | undefined>;
}

const refused = (why: string): Problem => new Problem('certificate_refused', why, { hint: 'Mend it.' });

export function createTestAuthority({ now, lifeMs = 90 * 86_400_000, ask }: AuthorityOptions): TestAuthority {
  const orders = new Map<string, { state: State; token: string }>();
  const authority: TestAuthority = {
    away: false,
    ordered: [],
    async newKey() {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    },
    async order(domain) {
      if (authority.away) throw new TransientError('The authority is away.');
      authority.ordered.push(domain);
      const token = randomBytes(8).toString('hex');
      const url = `https://authority.test/${orders.size + 1}`;
      orders.set(url, { state: 'pending', token });
      return { url, challenges: [{ token, answer: `${token}.account` }] };
    },
    async finish({ domain, url, key }) {
      if (authority.away) throw new TransientError('The authority is away.');
      const order = orders.get(url);
      if (!order) throw refused('There is no such order.');
      if (order.state === 'pending') {
        const isRight = (await ask(domain, order.token)) === `${order.token}.account`;
        order.state = isRight ? 'ready' : 'invalid';
        return undefined;
      }
      if (order.state === 'invalid') throw refused('The domain did not answer as it should.');
      if (order.state !== 'ready') return order.state;
      order.state = makeCertificate({ domain, key, notBefore: now(), notAfter: now() + lifeMs });
      return undefined;
    },
  };
  return authority;
}
