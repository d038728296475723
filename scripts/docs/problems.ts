/** The reference of all problems, from the table of their codes. */
import { type ProblemCode, problemCodes } from '../../functions/core/problem.ts';
import { table } from './table.ts';

/** What each code means and what to do. The compiler asks for every code. */
const explanations: Readonly<Record<ProblemCode, readonly [meaning: string, next: string]>> = {
  malformed_json: [
    'The body is empty, not JSON, not UTF-8, too deep, or has a key `__proto__`.',
    'Send one JSON object in UTF-8.',
  ],
  malformed_request: [
    'The path holds a percent-encoded character or an empty part, or the request ended early.',
    'Send names as they are: none needs encoding.',
  ],
  invalid_request: [
    'A parameter, a header or a field of the body has the wrong form; `errors` says which.',
    'Correct what `errors` names.',
  ],
  invalid_cursor: [
    '`cursor` is not one that this list gave.',
    'Start from the first page, without `cursor`.',
  ],
  invalid_score: [
    'The Score file breaks a rule; the place is named with line and column.',
    'Correct the file.',
  ],
  invalid_recipe: [
    'A recipe has a key, a parameter, a type or a placeholder that can not be.',
    'Mend what `errors` names; `berth recipes check` tells the lines.',
  ],
  invalid_archive: [
    'The upload is no tar.gz, or holds links, devices, paths that lead out, or too much.',
    'Pack the source with `tar -czf`, without links and `node_modules`.',
  ],
  unauthenticated: ['No token was sent, or one that is not valid.', 'Send `Authorization: Bearer <token>`.'],
  sign_in_failed: [
    'The answer of the identity provider is not one to this browser’s question, is late, or does not verify.',
    'Start the sign-in again from the console.',
  ],
  secret_source_forbidden: [
    'A secret refers to an entry of AWS Secrets Manager or Vault, and no rule of the platform team lets its project do so.',
    'Ask the platform team for a rule, or put the value itself.',
  ],
  cross_origin_request: [
    'A cookie came with a request that the console did not make: from a page of another origin, or without `X-CSRF: 1`.',
    'Send a bearer token and no cookie.',
  ],
  forbidden: ['Your token is valid and may not do this.', 'Ask the platform team.'],
  not_found: [
    'There is nothing of that name, or you may not see it.',
    'List what there is; the hint says with which request.',
  ],
  method_not_allowed: ['The path does not take that method.', 'Use one of the methods in `Allow`.'],
  already_exists: ['The name is taken.', 'Choose another name, or use what is there.'],
  conflict: [
    'Something else changed it while the request was under way, or what it asks for does not apply any more.',
    'Read it again; repeat the request if it still applies.',
  ],
  not_empty: [
    'What is to be deleted still holds something, or a destroy could not remove all of it.',
    'Remove what is named first; a destroy is tried again by itself.',
  ],
  version_in_use: [
    'An environment runs the version that is to be deleted, deploys it, or can go back to it.',
    'Deploy other versions there, or destroy the environments that the detail names.',
  ],
  environment_not_ready: [
    'The environment is in a state in which this can not be done.',
    'Wait for its operation, wake it, or create another one: the hint says which.',
  ],
  operation_in_progress: [
    'A deployment, or a game day, is going on in the environment.',
    'Wait until it has ended, or cancel it.',
  ],
  invalid_gameday: [
    'What the game day was to make fail can not fail there: nothing of it runs, or the place of its workloads can not do it.',
    'Leave out the fault that the detail names.',
  ],
  operation_ended: ['The operation has ended already.', 'Nothing is left to do.'],
  ambiguous_version: ['More than one version carries the tag.', 'Name the version by its id.'],
  placement_not_found: [
    'No place has that name, or those labels.',
    'Ask for one of the places that the hint names.',
  ],
  placement_not_allowed: [
    'The project or the environment may not use that place, or the place is being removed.',
    'Ask for one that the hint names, or ask the platform team.',
  ],
  placement_ambiguous: [
    'Several places have the labels that were asked for.',
    'Ask for more labels, or for one place by its name.',
  ],
  placement_fixed: [
    'An environment stays in its place; the detail names what it holds there.',
    'Create another environment in the other place, and promote its services into it.',
  ],
  place_unreachable: [
    'The place was asked for, and does not answer.',
    'Ask for another place, or try again once it is back.',
  ],
  precondition_failed: [
    '`If-Match` names another version than the stored one.',
    'Read it again, send the new ETag.',
  ],
  misdirected_request: [
    'The host of the request is another one than its TLS connection was made for.',
    'Open a connection of its own to each host.',
  ],
  request_timeout: ['The request took too long to arrive.', 'Send it again, on a better line.'],
  payload_too_large: ['The body is larger than it may be.', 'Send less, or a smaller source.'],
  headers_too_large: ['The header of the request is too large.', 'Send fewer or shorter headers.'],
  uri_too_long: ['The URI is longer than 8192 characters.', 'Send long values in the body.'],
  unsupported_media_type: [
    'The body is of another type than the route takes, or encoded.',
    'Send `application/json`, or `application/gzip` for sources.',
  ],
  idempotency_key_reused: [
    'The `Idempotency-Key` was used for another request.',
    'Use a new key for each new request, and repeat one with the very same request alone.',
  ],
  too_many_requests: [
    'More requests, operations or event streams than one may have; see [limits](../how-to/members-and-tokens.md#limits).',
    'Wait as long as `Retry-After` says, or close some streams.',
  ],
  internal: [
    'Something failed inside Berth. The cause is in its own log.',
    'Try again; then look into that log.',
  ],
  upstream_unavailable: [
    'The service did not answer, or cut the connection off.',
    'Read the log of the service.',
  ],
  not_supported: [
    'What was asked for can not be done where this Berth runs, whoever asks.',
    'Use what the hint names instead.',
  ],
  unavailable: [
    'Something that Berth needs can not be reached, or Berth is stopping.',
    'Try again in a moment.',
  ],
  records_lost: [
    'Berth on one machine does not start, since its records are gone or are older than what lies beside them.',
    'Put back a backup of the whole data directory, or start once with `BERTH_ACCEPT_LOSS=1`.',
  ],
  storage_full: [
    'The disk is full; nothing was written.',
    'Free some disk space, destroy what nobody needs.',
  ],
  unknown_resource_type: [
    'The Score file asks for a type that Berth does not know.',
    'Use one of the types listed.',
  ],
  invalid_resource: [
    'The resource can not be made as the Score file asks: its params, its class, or its name.',
    'Correct what the cause names.',
  ],
  secret_unavailable: [
    'An entry of AWS Secrets Manager or Vault is not there, has no such key, may not be read by Berth, or its pinned version is gone.',
    'Do what `hint` says; a deployment takes the newest version, a rollback the one that was pinned.',
  ],
  unresolved_placeholder: [
    'A placeholder names nothing that is there: a resource, an output, metadata, or a secret that is gone.',
    'Correct the name, or put the secret into the environment.',
  ],
  expansion_too_large: [
    'Placeholders or `$(NAME)` of the Score file stand for more text than a workload may have.',
    'Give a long value once, in a variable or a file of its own; [limits](../explanation/limits.md) has the bound.',
  ],
  image_unavailable: [
    'The image is not in the registry of the service, another registry does not give it, or the containers of a workload name several.',
    'Build or push it again, or see that its registry has it and its password is set; make a service of each image.',
  ],
  build_failed: ['The build ended with an error.', 'Read the log of the operation.'],
  source_unavailable: [
    'The git repository can not be fetched, or its URL or ref is refused.',
    'Check URL and ref; upload the source where credentials are needed.',
  ],
  nothing_to_run: [
    'Nothing in the source says what to run.',
    'Add a start script, a `Procfile` with a `web` line, or an `index.html`.',
  ],
  release_failed: [
    'The release command ended with another exit code than 0. What served before serves.',
    'Read the log of the service, mend the command, deploy a new version.',
  ],
  run_failed: [
    'The command of a run ended with an exit code that is not 0, or could not be started; the log of the run has its output.',
    'Mend what the log says, and run it again.',
  ],
  run_interrupted: [
    'The command of a run was ended before its end: Berth was killed while it ran, or what it ran in was removed. It is not begun a second time by itself, since nobody knows how far it came; a job is tried again where it has retries.',
    'Look at its log for how far it came, then run it again if it can be.',
  ],
  workload_crashed: [
    'The new version ended three times, or can not start at all. What served before serves.',
    'Read its last lines of output in the cause.',
  ],
  check_failed: [
    'A new version that was tried with a share of the requests did worse than it may. What served before serves.',
    'Read the figures in the cause and the log of the deployment; deploy a mended version.',
  ],
  strategy_unavailable: [
    'The place that runs the environment can not serve two versions side by side.',
    'Use `berth.dev/strategy: rolling` without steps and checks, or deploy where it can.',
  ],
  affinity_unavailable: [
    'The way in to the place that runs the environment gives each request to any replica, and the version asks for `berth.dev/affinity`.',
    'Keep sessions in Redis or the database and leave the annotation out, or deploy where clients are kept.',
  ],
  workload_not_ready: [
    'The new version runs and did not become ready in time. What served before serves.',
    'Listen on `$PORT`; look at the readiness probe; raise `berth.dev/progress-deadline-seconds`.',
  ],
  deadline_exceeded: ['A step took longer than it may.', 'Look at the log for what it waited for.'],
  approval_rejected: [
    'A second person had to approve the deployment, and rejected it. Nothing of it was started.',
    'Talk to who rejected it, then deploy again.',
  ],
  approval_expired: [
    'A second person had to approve the deployment, and nobody did within 72 hours. Nothing of it was started.',
    'Deploy again, and tell a maintainer of the project.',
  ],
  canceled: ['It was canceled on request.', 'Start it again when you want it.'],
  superseded: [
    'A newer deployment, or a later operation on the environment, took over.',
    'Follow the newer one.',
  ],
  environment_gone: ['The environment is being destroyed.', 'Create another one and deploy there.'],
  rotation_failed: [
    'Something that serves does not run with the new credentials; the old ones are in force again.',
    'Look at the deployment that failed, mend what it says, and rotate again.',
  ],
  import_failed: [
    'A database can not be read where it is, or what came of it or of the dump is not equal to it; nothing has changed.',
    'Its message says what it is: see that the server can be reached, or remove what can not come over, and import again.',
  ],
  masking_failed: [
    'The SQL that masks copied data failed. The copy was dropped, and the environment that it was for has failed.',
    'The message names the statement: mend it in the masking of the project, destroy the environment, and clone again.',
  ],
  masking_required: [
    'Data are to be copied that have no rule for masking, from a protected environment or in a project that masks what is copied.',
    'Have an administrator set a rule for that database; one without SQL says that there is nothing to mask in it.',
  ],
  backup_failed: [
    'The backup can not be made, or what came of it on trial is not equal to the database; nothing has changed.',
    'Its message says what is missing: remove that where nobody needs it, or back it up by the means of the server.',
  ],
  certificate_refused: [
    'The certificate authority refused the order, or could not see that the domain leads here.',
    'The state of the domain says why, and when it is tried again.',
  ],
  policy_violation: [
    'A policy of the project or of the platform is not met; `violations` names each with what was found.',
    'Do what the hint says, or ask whoever made the policy.',
  ],
  fenced: ['The workloads already know a newer deployment.', 'Follow the newer one.'],
};

/** The whole of docs/reference/problems.md. */
export const problemsPage = (): string => `# Problems

<!-- Generated by \`npm run generate\`: change scripts/docs/problems.ts or functions/core/problem.ts instead. -->

Every error that people see has a code. As the answer to a request it is an RFC 9457 problem: \`type\`, \`title\`,
\`status\`, \`code\`, \`detail\` (what happened and why), \`hint\` (the next thing to do) and \`instance\`; \`errors\` lists the
places, where there are several. As the end of an operation it is its \`error\`: \`code\`, \`cause\` and \`hint\`. Codes do not
change their meaning. \`GET /problems/{code}\` answers with status and title.

${table(
  ['code', 'status', 'meaning', 'what to do'],
  (Object.keys(problemCodes) as ProblemCode[]).map((code) => [
    `\`${code}\``,
    String(problemCodes[code][0]),
    ...explanations[code],
  ]),
)}
`;
