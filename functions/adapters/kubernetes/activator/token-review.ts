/** Knows the activator by the token of its service account, which the cluster itself is asked about. */
import { createHash } from 'node:crypto';
import type { Wakers } from '../../../ports/wakers.ts';
import type { KubernetesClient } from '../api/client.ts';
import type { ActivatorOptions } from '../manifests/options.ts';
import { WAKES_AUDIENCE } from '../object-names.ts';

export interface TokenReviewOptions {
  client: Pick<KubernetesClient, 'call'>;
  /** Its account has the name of its Service. */
  activator: Pick<ActivatorOptions, 'namespace' | 'name'>;
  now(): number;
}

interface TokenReview {
  status?: { authenticated?: boolean; audiences?: string[]; user?: { username?: string } };
}

/** A token that was good is good for so long, milliseconds: it is asked with every second or two while requests wait. */
const KNOWN_MS = 30_000;
const KNOWN_MAX = 100;

export function createTokenReview({ client, activator, now }: TokenReviewOptions): Wakers {
  const known = new Map<string, number>();
  const account = `system:serviceaccount:${activator.namespace}:${activator.name}`;
  return {
    async knows(token) {
      const key = createHash('sha256').update(token).digest('base64');
      const until = known.get(key);
      if (until !== undefined && now() < until) return true;
      const { status } = await client.call<TokenReview>(
        'POST',
        '/apis/authentication.k8s.io/v1/tokenreviews',
        {
          body: {
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenReview',
            spec: { token, audiences: [WAKES_AUDIENCE] },
          },
        },
      );
      // A server that knows nothing of audiences names none: a token for itself would pass otherwise.
      const isKnown =
        status?.authenticated === true &&
        status.user?.username === account &&
        status.audiences?.includes(WAKES_AUDIENCE) === true;
      if (known.size >= KNOWN_MAX) known.clear();
      if (isKnown) known.set(key, now() + KNOWN_MS);
      return isKnown;
    },
  };
}
