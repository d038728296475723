/** Errors that people see: RFC 9457 problems with a stable code and the next thing to do. */

/**
 * What a failed operation or deployment keeps of its error. A record of an older version may have a code that no
 * longer exists.
 */
export interface ProblemDetail {
  code: ProblemCode;
  /** What happened and why. */
  cause: string;
  /** The next thing to do. */
  hint: string;
}

/** Every code with its HTTP status and title. Codes never change their meaning. */
export const problemCodes = {
  malformed_json: [400, 'The body is not valid JSON'],
  malformed_request: [400, 'The request can not be read'],
  invalid_request: [400, 'The request is not valid'],
  invalid_cursor: [400, 'The cursor is not valid'],
  invalid_score: [422, 'The Score file is not valid'],
  invalid_recipe: [422, 'The recipe is not valid'],
  invalid_archive: [422, 'The archive is not acceptable'],
  unauthenticated: [401, 'No valid credentials'],
  sign_in_failed: [400, 'The sign-in did not succeed'],
  forbidden: [403, 'Not allowed'],
  secret_source_forbidden: [403, 'The project may not refer to that secret'],
  cross_origin_request: [403, 'The request came from another site'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  already_exists: [409, 'Already exists'],
  conflict: [409, 'Something else changed it'],
  not_empty: [409, 'Not empty'],
  version_in_use: [409, 'The version is in use'],
  environment_not_ready: [409, 'The environment is not ready'],
  operation_in_progress: [409, 'Another operation is in progress'],
  operation_ended: [409, 'The operation has ended'],
  ambiguous_version: [409, 'The version is ambiguous'],
  placement_not_found: [422, 'There is no such place'],
  placement_not_allowed: [403, 'The place may not be used here'],
  placement_ambiguous: [409, 'More than one place fits'],
  placement_fixed: [409, 'The environment can not move'],
  place_unreachable: [409, 'The place can not be reached'],
  precondition_failed: [412, 'The precondition failed'],
  misdirected_request: [421, 'The host is not the one of the connection'],
  request_timeout: [408, 'The request took too long to arrive'],
  payload_too_large: [413, 'The body is too large'],
  headers_too_large: [431, 'The header is too large'],
  uri_too_long: [414, 'The URI is too long'],
  unsupported_media_type: [415, 'Unsupported media type'],
  invalid_gameday: [422, 'The game day can not be held here'],
  idempotency_key_reused: [422, 'The idempotency key was used for another request'],
  too_many_requests: [429, 'Too many requests'],
  internal: [500, 'Something failed inside Berth'],
  upstream_unavailable: [502, 'The workload can not be reached'],
  not_supported: [501, 'Not possible here'],
  unavailable: [503, 'Not available now'],
  storage_full: [507, 'The disk is full'],
  // Seen at the start of Berth on one machine alone.
  records_lost: [503, 'Records are missing'],
  // Causes of failed operations. They are seen in `error.code`, and as a status only where a request waits for the
  // operation.
  unknown_resource_type: [422, 'Unknown resource type'],
  invalid_resource: [422, 'The resource can not be provided'],
  secret_unavailable: [422, 'A secret can not be read where it is kept'],
  unresolved_placeholder: [422, 'A placeholder can not be resolved'],
  expansion_too_large: [422, 'What the Score file expands to is too large'],
  image_unavailable: [422, 'The image can not be had'],
  build_failed: [422, 'The build failed'],
  source_unavailable: [422, 'The source can not be had'],
  nothing_to_run: [422, 'Nothing to run was found'],
  release_failed: [422, 'The release command failed'],
  run_failed: [422, 'The command failed'],
  run_interrupted: [409, 'The command was interrupted'],
  workload_crashed: [422, 'The workload crashed'],
  workload_not_ready: [422, 'The workload did not become ready'],
  check_failed: [422, 'A check of the new version failed'],
  strategy_unavailable: [422, 'The strategy is not possible here'],
  affinity_unavailable: [422, 'Clients can not be kept with a replica here'],
  deadline_exceeded: [504, 'It took too long'],
  approval_rejected: [409, 'Approval was refused'],
  approval_expired: [409, 'Approval did not come in time'],
  canceled: [409, 'Canceled'],
  superseded: [409, 'Superseded by a newer deployment'],
  environment_gone: [409, 'The environment is being destroyed'],
  rotation_failed: [422, 'The rotation failed'],
  backup_failed: [422, 'The backup failed'],
  import_failed: [422, 'The import failed'],
  masking_failed: [422, 'The data can not be masked'],
  masking_required: [409, 'The data have to be masked'],
  certificate_refused: [422, 'The certificate can not be had'],
  policy_violation: [422, 'A policy is not met'],
  fenced: [409, 'A newer deployment has taken over'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof problemCodes;

export const isProblemCode = (text: string): text is ProblemCode => Object.hasOwn(problemCodes, text);

export interface ProblemOptions {
  /** The next thing to do. */
  hint: string;
  /** Members added to the problem document, such as `errors`. */
  extra?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * The one class of errors whose text is meant for users. Any other error becomes `internal` at the edge, and its text
 * goes to the log alone.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly hint: string;
  readonly extra: Record<string, unknown>;

  /** @param detail "{what happened}: {why}", one sentence, without secret values. */
  constructor(code: ProblemCode, detail: string, options: ProblemOptions) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    // A workflow's Retry and Catch match on the name, so each code is its own error there.
    this.name = `Berth.${code}`;
    this.code = code;
    [this.status, this.title] = problemCodes[code];
    this.hint = options.hint;
    this.extra = options.extra ?? {};
  }

  /** The part of the problem that an operation keeps. */
  toDetail(): ProblemDetail {
    return { code: this.code, cause: this.message, hint: this.hint };
  }
}

/** A fault that is worth another try: a time-out, a throttle, a lost connection. ASL retries it by its name. */
export class TransientError extends Error {
  override name = 'Berth.Transient';
}

/** What is kept of an error: a problem whole, any other error without its text. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TransientError) {
    return new Problem('unavailable', 'Something that Berth stands on did not answer, or was too busy.', {
      hint: 'Try again in a moment, with the same Idempotency-Key where something is to change.',
      cause: error,
    });
  }
  return new Problem('internal', 'Something failed inside Berth; its log has the details.', {
    hint: 'Try again; if it stays, look for the error in the log of Berth itself.',
    cause: error,
  });
}
