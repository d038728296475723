/** Gitea, and Forgejo. */

import { bodyHash, isSignature, type Provider } from './git-provider.ts';
import { readLikeGitHub, requestsLikeGitHub } from './github.ts';

/** Gitea lists this many commits of a push at most, where nobody has set another number. */
const LISTED_COMMITS = 30;

const readPush = readLikeGitHub(LISTED_COMMITS);

export const gitea: Provider = {
  event: (header) => header('x-gitea-event') ?? '',
  deliveryId: (header, body) => header('x-gitea-delivery') ?? bodyHash(body),
  isGenuine: (header, body, secrets) => isSignature(header('x-gitea-signature') ?? '', body, secrets),
  signsBody: true,
  read: (event, payload) => readPush(event === 'pull_request_sync' ? 'pull_request' : event, payload),
  apiOf: (origin) => `${origin}/api/v1`,
  user: 'oauth2',
  ...requestsLikeGitHub((token) => ({ authorization: `token ${token}` }), {
    pending: 'pending',
    success: 'success',
    failure: 'failure',
    skipped: 'success',
    superseded: 'error',
  }),
};
