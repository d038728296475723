/** What the API server answers, as errors. */
import { Problem, TransientError } from '../../../core/problem.ts';

/** The `Status` object of a failed call. */
export interface StatusBody {
  code?: number;
  reason?: string;
  message?: string;
  details?: {
    kind?: string;
    name?: string;
    causes?: { reason?: string; message?: string; field?: string }[];
  };
}

/** A refusal that is final for this request. Its text may quote the object: for callers, not for users. */
export class KubernetesError extends Error {
  override name = 'KubernetesError';
  readonly status: number;
  readonly body: StatusBody;

  constructor(status: number, body: StatusBody, what: string) {
    super(`${what}: ${status} ${body.reason ?? ''} ${body.message ?? ''}`.trimEnd());
    this.status = status;
    this.body = body;
  }
}

export const isConflict = (error: unknown): boolean =>
  error instanceof KubernetesError && error.status === 409 && error.body.reason !== 'AlreadyExists';

export const isAlreadyThere = (error: unknown): boolean =>
  error instanceof KubernetesError && error.status === 409 && error.body.reason === 'AlreadyExists';

export const isNotFound = (error: unknown): boolean =>
  error instanceof KubernetesError && error.status === 404;

export const isInvalid = (error: unknown): boolean =>
  error instanceof KubernetesError && error.status === 422;

/** An object of a kind that never changes was sent with other content. */
export const isImmutable = (error: unknown): boolean =>
  error instanceof KubernetesError && error.status === 422 && /immutable/.test(error.body.message ?? '');

/** The namespace is missing, or on its way out. */
export const isNamespaceGone = (error: unknown): boolean =>
  error instanceof KubernetesError &&
  ((error.status === 404 && error.body.details?.kind === 'namespaces') ||
    (error.body.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating') ||
    /namespace \S+ because it is being terminated/.test(error.body.message ?? ''));

/** The connection was there, or may be again in a moment. */
const lost = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'UND_ERR_SOCKET']);

/** An error of the connection, for the caller: worth another try, or in words. */
export function connectionError(error: NodeJS.ErrnoException, server: string): Error {
  if (error.name === 'AbortError' || error instanceof Problem || error instanceof TransientError)
    return error;
  if ((error.code && lost.has(error.code)) || error.message === 'socket hang up')
    return new TransientError(`The connection to the cluster was lost (${error.code ?? error.message}).`);
  const { host } = new URL(server);
  return new Problem(
    'unavailable',
    `The cluster at ${host} can not be reached: ${error.code ?? error.message}.`,
    {
      hint: 'Check that the cluster is up and that its address and authority are right, then try again.',
      cause: error,
    },
  );
}

/** An answer that is not a success, for the caller. */
export function answerError(status: number, body: StatusBody, what: string): Error {
  if (status === 429 || status >= 500)
    return new TransientError(`The cluster answered ${status} (${body.reason ?? 'no reason'}) to ${what}.`);
  if (status === 401) {
    return new Problem('unavailable', 'The cluster refuses who Berth says it is: 401.', {
      hint: 'Renew the credentials of the kubeconfig, or the access entry of the role.',
    });
  }
  return new KubernetesError(status, body, what);
}

/** Why something could not be read, as a clause for people. */
export function whyUnread(error: Error): string {
  const isForbidden = error instanceof KubernetesError && error.status === 403;
  const why = isForbidden ? 'Berth lacks a permission in the cluster' : error.message;
  return why.replace(/\.$/, '');
}

/** A container that has not started yet, or whose earlier life was forgotten, has no log. */
export const hasNoLog = (error: unknown): boolean =>
  error instanceof KubernetesError && (error.status === 400 || error.status === 404);

/** What the admission of the cluster refused, in words; undefined where it is something else. */
export function refusal(error: unknown, what: string): Problem | undefined {
  if (!(error instanceof KubernetesError)) return undefined;
  const message = error.body.message ?? '';
  const why = explainRefusal(message);
  if (why) return new Problem('workload_not_ready', `${what} was refused: ${why.why}.`, { hint: why.hint });
  if (error.status === 403) {
    return new Problem('unavailable', `${what} was refused: Berth lacks a permission in the cluster.`, {
      hint: 'Give Berth the cluster role of the installation guide.',
      cause: error,
    });
  }
  if (error.status === 404 && /could not find the requested resource/.test(error.body.message ?? '')) {
    return new Problem('unavailable', `${what} was refused: the cluster does not know Gateway API.`, {
      hint: 'Have the platform team install Gateway API and a gateway, then deploy again.',
      cause: error,
    });
  }
  if (error.status === 422) {
    const fields = (error.body.details?.causes ?? []).flatMap(({ field }) => field ?? []).slice(0, 3);
    return new Problem(
      'workload_not_ready',
      `${what} was refused: the cluster does not accept ${fields.join(', ') || 'it'}.`,
      { hint: 'Correct what the fields come from in the Score file, then deploy again.', cause: error },
    );
  }
  return undefined;
}

/** Words for a message of admission: of a quota, of Pod Security, of limits. */
export function explainRefusal(message: string): { why: string; hint: string } | undefined {
  const quota = /exceeded quota: \S+, requested: (.+?), used: (.+?), limited: (.+)$/s.exec(message);
  if (quota) {
    const [, requested, used, limited] = quota;
    return {
      why: `the environment's quota is used up (asked for ${requested}, in use ${used}, at most ${limited})`,
      hint: 'Ask for less, scale something down, or have the platform team raise the quota. With berth.dev/warm-seconds: "0" a version needs no room for a second one beside it.',
    };
  }
  const security = /violates PodSecurity "([^"]+)": (.+)$/s.exec(message);
  if (security) {
    return {
      why: `Pod Security "${security[1]}" does not allow it (${security[2]})`,
      hint: 'Run without special rights: the environment allows none.',
    };
  }
  const limit = /(?:maximum|minimum) (?:cpu|memory) usage per \S+ is .+$/s.exec(message);
  if (limit) return { why: limit[0], hint: 'Ask for an amount within these limits.' };
  return undefined;
}
