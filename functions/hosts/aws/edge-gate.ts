/**
 * Lets in what comes from the edge alone. The HTTP API has an address of its own that CloudFront does not guard, and
 * whoever asked there could write any address of a client: so the edge adds a key that nobody outside of the account knows.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { problemDocument } from '../../api/http/problems.ts';
import { Problem } from '../../core/problem.ts';

/** CloudFront sets it, also where a viewer sends one of that name. */
const EDGE_HEADER = 'x-berth-edge';
const KEY_MIN = 32;

/** The part of an event of the HTTP API that is read here. */
interface EdgeEvent {
  headers?: Record<string, string | undefined> | null;
  rawPath?: string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * @param answer is given events of the edge, without the key
 * @returns a handler that answers all others with 403
 * @throws RangeError without a key: then nothing at all is answered
 */
export function closedToOthers<Event extends object, Rest extends unknown[], Answer>(
  key: string | undefined,
  answer: (event: Event, ...rest: Rest) => Answer,
): (event: Event, ...rest: Rest) => Answer | { statusCode: number; headers: object; body: string } {
  if (key === undefined || key.length < KEY_MIN) {
    throw new RangeError(`BERTH_EDGE_KEY has at least ${KEY_MIN} characters`);
  }
  const expected = digest(key);
  return (event, ...rest) => {
    const { headers, rawPath = '/' } = event as EdgeEvent;
    const { [EDGE_HEADER]: given, ...others } = headers ?? {};
    if (given !== undefined && timingSafeEqual(digest(given), expected)) {
      return answer({ ...event, headers: others }, ...rest);
    }
    const problem = new Problem(
      'forbidden',
      'This address is not the one of Berth: it answers its edge alone.',
      {
        hint: 'Use the address of the installation, which the platform team knows.',
      },
    );
    return {
      statusCode: problem.status,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
      body: JSON.stringify(problemDocument(problem, rawPath.slice(0, 500))),
    };
  };
}
