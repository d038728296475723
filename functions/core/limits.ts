/**
 * The budgets of what people and programs send: one place for each number, and for what happens past it.
 * docs/explanation/limits.md is made from this table.
 */
import { accessLimits } from './limits/access.ts';
import { alertLimits } from './limits/alerts.ts';
import { importLimits } from './limits/data.ts';
import { domainLimits } from './limits/domains.ts';
import { drainLimits } from './limits/drains.ts';
import { expiryLimits } from './limits/expiry.ts';
import { KIB, type Limit, limit, MIB } from './limits/limit.ts';
import { pipelineLimits } from './limits/pipelines.ts';
import { recipeLimits } from './limits/recipes.ts';
import { requestLimits } from './limits/requests.ts';
import { sourceLimits } from './limits/sources.ts';
import { traceLimits } from './limits/traces.ts';
import { wakingLimits } from './limits/waking.ts';
import { workloadLimits } from './limits/workloads.ts';

export type { Limit } from './limits/limit.ts';

export const limits = {
  jsonBody: limit({
    value: MIB,
    unit: 'bytes',
    of: 'A JSON body',
    each: 'a request',
    past: 'The request is refused before the rest is read.',
    code: 'payload_too_large',
  }),
  sourceUpload: limit({
    value: 1024 * MIB,
    unit: 'bytes',
    of: 'An upload of source, compressed',
    each: 'a build',
    past: 'The upload is refused before the rest is read.',
    code: 'payload_too_large',
  }),
  scoreFile: limit({
    value: 256 * KIB,
    unit: 'bytes',
    of: 'A Score file, as text and as JSON',
    each: 'a version',
    past: 'The file is refused.',
    code: 'invalid_score',
  }),
  scoreTokens: limit({
    value: 30_000,
    unit: 'tokens',
    of: 'Lexical tokens of a Score file',
    each: 'a version',
    past: 'The file is refused before the rest is parsed.',
    code: 'invalid_score',
  }),
  scoreDepth: limit({
    value: 32,
    unit: 'levels',
    of: 'Maps and lists of a Score file within each other',
    each: 'a version',
    past: 'The file is refused.',
    code: 'invalid_score',
  }),
  expandedText: limit({
    value: MIB,
    unit: 'bytes',
    of: 'Text that placeholders and `$(NAME)` expand to, counted before it is joined',
    each: 'a container, and the params of a resource',
    past: 'The deployment fails, and what served before goes on.',
    code: 'expansion_too_large',
  }),
  buildsAtOnce: limit({
    value: 8,
    unit: 'builds',
    of: 'Builds that run at once',
    each: 'the installation',
    past: 'A build waits for its turn, and its operation says for how many; projects take turns.',
  }),
  buildsAtOnceOfProject: limit({
    value: 2,
    unit: 'builds',
    of: 'Builds that run at once',
    each: 'a project',
    past: 'A build waits for its turn, and its operation says for how many.',
  }),
  buildsWaiting: limit({
    value: 20,
    unit: 'builds',
    of: 'Builds that wait for their turn',
    each: 'a project',
    past: 'One build more is refused.',
    code: 'too_many_requests',
  }),
  secretValue: limit({
    value: 64 * KIB,
    unit: 'bytes',
    of: 'The value of a secret',
    each: 'a secret',
    past: 'The value is refused.',
    code: 'invalid_request',
  }),
  logLine: limit({
    value: 16 * KIB,
    unit: 'bytes',
    of: 'A line of a log',
    each: 'a line',
    past: 'The rest of the line is dropped, and ` … [cut]` says so.',
  }),
  logKept: limit({
    value: 16 * MIB,
    unit: 'bytes',
    of: 'The log of a service in an environment, or of a build, on one machine; there as on AWS lines are kept for 30 days',
    each: 'a log',
    past: 'The oldest quarter is deleted.',
  }),
  logsKept: limit({
    value: 2048 * MIB,
    unit: 'bytes',
    of: 'All logs on one machine',
    each: 'a machine',
    past: 'Within an hour the files that were written to longest ago are deleted.',
  }),
  logPageLines: limit({
    value: 10_000,
    unit: 'lines',
    of: 'A page of a log',
    each: 'a request',
    past: 'A larger `tail` is refused.',
    code: 'invalid_request',
  }),
  logPage: limit({
    value: MIB,
    unit: 'bytes',
    of: 'The messages of a page of a log',
    each: 'a request',
    past: 'The page ends early; `nextCursor` goes on.',
  }),
  logTail: limit({
    value: 8 * MIB,
    unit: 'bytes',
    of: 'The messages that a stream of a log begins with',
    each: 'a stream',
    past: 'The stream begins with a later line, and says first that lines are missing.',
  }),
  routesKept: limit({
    value: 1_000,
    unit: 'deployments',
    of: 'Deployments whose routes are remembered, for requests to hosts of `dns` resources',
    each: 'the installation',
    past: 'The one that was remembered first is read again.',
  }),
  tokensOfOwner: limit({
    value: 100,
    unit: 'tokens',
    of: 'Tokens that are listed. Those of pipelines are not among them: they end within 15 minutes, what they ask counts to who made the trust rule, and exchanges have a rate of their own by address',
    each: 'a person, and a project',
    past: 'One token more is refused; those that are there stay good.',
    code: 'conflict',
  }),
  ephemeralStorage: limit({
    value: 2 * 1024 * MIB,
    unit: 'bytes',
    of: 'What a container in a cluster writes to its node: logs, its own layer, directories that end with the pod',
    each: 'a container; sixty times as much for all of an environment',
    past: 'Kubernetes evicts the pod, and a new one starts.',
  }),
  databaseConnections: limit({
    value: 40,
    unit: 'connections',
    of: 'Connections of a role on the shared PostgreSQL server',
    each: 'a database; fewer where its project has many, so that a project has at most half of the server’s',
    past: 'PostgreSQL refuses the connection (53300).',
  }),
  databaseConnectionsLeast: limit({
    value: 4,
    unit: 'connections',
    of: 'Connections that every role on the shared PostgreSQL server can count on',
    each: 'a database; so the project’s half bounds how many databases it may have there',
    past: 'One database more is refused.',
    code: 'invalid_resource',
  }),
  databaseCopy: limit({
    value: 4 * 1024 * MIB,
    unit: 'bytes',
    of: 'A database that is copied, with its indexes',
    each: 'a backup',
    past: 'The backup fails and says so; the server’s own snapshots hold larger ones.',
  }),
  snapshotSeconds: limit({
    value: 3_600,
    unit: 'seconds',
    of: 'The age of the masked data that previews begin with, on one machine',
    each: 'a database of the base',
    past: 'The next preview has them copied and masked anew.',
  }),
  maskingSeconds: limit({
    value: 600,
    unit: 'seconds',
    of: 'The masking of a database, all statements together',
    each: 'a copy',
    past: 'The copy is dropped, and the environment that it was for has failed.',
    code: 'masking_failed',
  }),
  maskingSql: limit({
    value: 32 * KIB,
    unit: 'characters',
    of: 'SQL that masks databases, all rules together',
    each: 'a project',
    past: 'The request is refused.',
    code: 'invalid_request',
  }),
  maskingRules: limit({
    value: 50,
    unit: 'values',
    of: 'Databases with a rule for masking',
    each: 'a project',
    past: 'One rule more is refused.',
    code: 'invalid_request',
  }),
  backups: limit({
    value: 50,
    unit: 'records',
    of: 'Backups of a database that are kept',
    each: 'a database',
    past: 'One backup more is refused; a plan keeps fewer, and removes older ones by itself.',
    code: 'conflict',
  }),
  ...requestLimits,
  ...sourceLimits,
  ...importLimits,
  ...accessLimits,
  ...domainLimits,
  ...drainLimits,
  ...workloadLimits,
  ...wakingLimits,
  ...pipelineLimits,
  ...recipeLimits,
  ...alertLimits,
  ...expiryLimits,
  ...traceLimits,
} as const satisfies Record<string, Limit>;
