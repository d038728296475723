/**
 * A short line for each operation, in lists by project and (builds) by service. Lists are read from these lines
 * alone, so the lines are as small as possible: fifty of them cost two read units. A line is written when its
 * operation is accepted and when it has ended; progress in between is read from the operation itself.
 */
import {
  buildsPartition,
  operationKey,
  operationsPartition,
  RETENTION_QUEUE,
  runsPartition,
} from '../core/keys.ts';
import { isTerminal, type Operation, type OperationKind, type RunStatus } from '../core/model/index.ts';
import type { ProblemCode } from '../core/problem.ts';
import type { Ports } from '../ports/index.ts';
import type { Key, Write } from '../ports/store.ts';

/**
 * A line is an array and no object, since names of fields would be half of its size. 0 stands for a field that the
 * operation does not have; such fields are left out at the end of the line.
 */
type OperationLine = [
  kind: OperationKind,
  status: RunStatus,
  environment: string | 0,
  service: string | 0,
  number: number,
  by: string,
  /** When it was accepted, epoch milliseconds. */
  at: number,
  /** How long the operation took, milliseconds, plus one. */
  took?: number,
  errorCode?: ProblemCode | 0,
  ref?: string | 0,
  version?: string | 0,
  tag?: string | 0,
  job?: string | 0,
  /** The exit code of a command, plus one. */
  exited?: number,
  command?: string | 0,
];

/** What lists show of an operation. */
export interface OperationSummary
  extends Pick<
    Operation,
    'id' | 'kind' | 'status' | 'project' | 'environment' | 'service' | 'number' | 'createdAt' | 'createdBy'
  > {
  endedAt?: string;
  errorCode?: ProblemCode;
  /** Of a build: branch, tag or commit; absent for an upload. */
  ref?: string;
  /** Of a build that succeeded. */
  version?: string;
  /** Of a build: the tag of its version. */
  tag?: string;
  /** Of a run: the job that asked for it. */
  job?: string;
  /** Of a run whose command came to its end. */
  exitCode?: number;
  /** Of a run: the beginning of its command. */
  command?: string;
}

const REF_MAX = 60;

function lineOf(operation: Operation): OperationLine {
  const { kind, status, environment, service, number, createdBy, createdAt, endedAt, error } = operation;
  const at = Date.parse(createdAt);
  const input = operation.kind === 'build' ? operation.input : undefined;
  const run = operation.kind === 'run' ? operation.input : undefined;
  const { version, exitCode } = operation.result ?? {};
  const line: OperationLine = [
    kind,
    status,
    environment ?? 0,
    service ?? 0,
    number ?? 0,
    createdBy,
    at,
    endedAt === undefined ? 0 : Date.parse(endedAt) - at + 1,
    error?.code ?? 0,
    input?.kind === 'git' ? input.ref.slice(0, REF_MAX) : 0,
    input && typeof version === 'string' ? version : 0,
    input?.tag?.slice(0, REF_MAX) ?? 0,
    run?.job?.name ?? 0,
    run && typeof exitCode === 'number' ? exitCode + 1 : 0,
    run?.command.join(' ').slice(0, REF_MAX) ?? 0,
  ];
  while (line.at(-1) === 0) line.pop();
  return line;
}

/** The keys of an operation's lines. */
export function operationLineKeys(operation: Operation): Key[] {
  const { id, kind, project } = operation;
  const keys = [{ pk: operationsPartition(project), sk: id }];
  if (kind === 'build') keys.push({ pk: buildsPartition(operation), sk: id });
  if (kind === 'run') keys.push({ pk: runsPartition(operation), sk: id });
  return keys;
}

export const operationLineWrites = (operation: Operation): Write[] =>
  operationLineKeys(operation).map((key) => ({ put: { ...key, data: lineOf(operation) } }));

function summaryOf(project: string, id: string, line: OperationLine): OperationSummary {
  const [kind, status, environment, service, number, by, at, took = 0, errorCode, ref, version, tag] = line;
  const [job, exited, command] = line.slice(12) as [string | 0 | undefined, number?, (string | 0)?];
  return {
    id,
    kind,
    status,
    project,
    ...(environment && { environment }),
    ...(service && { service }),
    ...(number && { number }),
    createdAt: new Date(at).toISOString(),
    createdBy: by,
    ...(took && { endedAt: new Date(at + took - 1).toISOString() }),
    ...(errorCode && { errorCode }),
    ...(ref && { ref }),
    ...(version && { version }),
    ...(tag && { tag }),
    ...(job && { job }),
    ...(exited && { exitCode: exited - 1 }),
    ...(command && { command }),
  };
}

export interface OperationFilter {
  kinds?: readonly string[];
  statuses?: readonly string[];
  environment?: string;
  service?: string;
  job?: string;
}

/** The most lines that one page reads, so that a filter that nothing passes costs no more than ten read units. */
const READ_MAX = 250;

/**
 * One page of a partition of lines: a project's operations, a service's builds or runs; newest first. A page may hold fewer
 * than were asked for, or none, while there are more: `next` says so.
 */
export async function listOperations(
  ports: Ports,
  of: { project: string; partition: string },
  filter: OperationFilter,
  page: { limit: number; after?: string },
): Promise<{ items: OperationSummary[]; next?: string }> {
  const { store } = ports;
  const { project, partition: pk } = of;
  const filtered = Object.values(filter).some((value) => value !== undefined);
  const items: OperationSummary[] = [];
  let after = page.after;
  for (let left = READ_MAX; left > 0; ) {
    const limit = filtered ? Math.min(left, Math.max(50, page.limit)) : page.limit;
    const read = await store.query<OperationLine>({
      pk,
      limit,
      reverse: true,
      ...(after !== undefined && { after }),
    });
    left -= limit;
    const candidates = read.items
      .map(({ sk, data }) => summaryOf(project, sk, data))
      .filter((summary) => passes(filter, summary));
    for (const summary of await withStatus(ports, candidates)) {
      if (filter.statuses && !filter.statuses.includes(summary.status)) continue;
      items.push(summary);
      if (items.length === page.limit) {
        const isLast = read.next === undefined && summary.id === read.items.at(-1)?.sk;
        return isLast ? { items } : { items, next: summary.id };
      }
    }
    if (read.next === undefined) return { items };
    after = read.next;
  }
  return after === undefined ? { items } : { items, next: after };
}

/** Tells whether a line may match the filter: the line does not know the status of an operation that has not ended. */
function passes(
  { kinds, statuses, environment, service, job }: OperationFilter,
  line: OperationSummary,
): boolean {
  if (kinds && !kinds.includes(line.kind)) return false;
  if (environment !== undefined && line.environment !== environment) return false;
  if (service !== undefined && line.service !== service) return false;
  if (job !== undefined && line.job !== job) return false;
  if (!statuses) return true;
  return isTerminal(line.status)
    ? statuses.includes(line.status)
    : statuses.includes('queued') || statuses.includes('running');
}

/** Operations that have not ended are few, so they are read as they are now. */
async function withStatus(ports: Ports, lines: OperationSummary[]): Promise<OperationSummary[]> {
  const open = lines.filter(({ status }) => !isTerminal(status)).slice(0, 100);
  if (open.length === 0) return lines;
  const items = await ports.store.getMany<Operation>(open.map(({ id }) => operationKey(id)));
  const now = new Map(items.flatMap((item) => (item ? [[item.data.id, item.data] as const] : [])));
  return lines.map((line) => {
    const operation = now.get(line.id);
    return operation ? summaryOf(line.project, line.id, lineOf(operation)) : line;
  });
}

/** How long an ended operation is kept, milliseconds. */
export const OPERATION_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

/** The writes that replace a running operation by its end. @param version that it has now */
export function endedOperationWrites(ports: Ports, ended: Operation, version: number): [Write, ...Write[]] {
  const due = { queue: RETENTION_QUEUE, at: ports.effects.now() + OPERATION_RETENTION_MS };
  return [
    { put: { ...operationKey(ended.id), data: ended, due }, if: { version } },
    ...operationLineWrites(ended),
  ];
}
