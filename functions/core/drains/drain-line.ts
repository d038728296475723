/** Lines as receivers of log drains get them: NDJSON, and OTLP/HTTP logs in JSON. Pure. */

import { LOG_LEVELS, type LogLevel } from '../logs/log-level.ts';
import type { DrainFormat } from './drain.ts';

/** What a line is of, and what it says. */
export interface DrainLine {
  /** ISO 8601, UTC, milliseconds. */
  time: string;
  message: string;
  /** `berth`: Berth itself says it. */
  stream: 'stdout' | 'stderr' | 'berth';
  level?: LogLevel;
  project: string;
  environment?: string;
  service?: string;
  /** `web` of what serves; absent for operations. */
  process?: string;
  /** The number of the deployment. */
  deployment?: number;
  replica?: string;
  container?: string;
  /** The id of the operation whose output it is. */
  operation?: string;
  /** Of a line that says so: how many were dropped. */
  dropped?: number;
}

const mediaTypes: Readonly<Record<DrainFormat, string>> = {
  ndjson: 'application/x-ndjson',
  otlp: 'application/json',
};

/** The body of a request, and its media type. @param now epoch milliseconds */
export function drainBody(
  format: DrainFormat,
  lines: readonly DrainLine[],
  now: number,
): { mediaType: string; body: string } {
  const body = format === 'ndjson' ? ndjson(lines) : JSON.stringify(otlpRequest(lines, now));
  return { mediaType: mediaTypes[format], body };
}

const ndjson = (lines: readonly DrainLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

type AnyValue = { stringValue: string } | { intValue: number };
interface KeyValue {
  key: string;
  value: AnyValue;
}

const attributes = (values: Readonly<Record<string, string | number | undefined>>): KeyValue[] =>
  Object.entries(values).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [{ key, value: typeof value === 'string' ? { stringValue: value } : { intValue: value } }],
  );

/** Of OpenTelemetry's 24 severities the first of each level's four. */
const severityNumber = (level: LogLevel): number => 1 + 4 * LOG_LEVELS.indexOf(level);

/** All that prints is a resource of OpenTelemetry; names of its semantic conventions, where it has them. */
const resourceOf = (line: DrainLine): KeyValue[] =>
  attributes({
    'service.name': line.service ?? 'berth',
    'service.namespace': line.project,
    'service.instance.id': line.replica,
    'deployment.environment.name': line.environment,
    'berth.deployment': line.deployment,
    'berth.process': line.process,
    'berth.operation': line.operation,
  });

const nanoseconds = (milliseconds: number): string => `${milliseconds}000000`;

function recordOf(line: DrainLine, now: number) {
  const { time, message, level, stream, container, dropped } = line;
  return {
    timeUnixNano: nanoseconds(Date.parse(time)),
    observedTimeUnixNano: nanoseconds(now),
    ...(level && { severityNumber: severityNumber(level), severityText: level.toUpperCase() }),
    body: { stringValue: message },
    attributes: attributes({
      'log.iostream': stream === 'berth' ? undefined : stream,
      'container.name': container,
      'berth.stream': stream,
      'berth.dropped': dropped,
    }),
  };
}

/** An ExportLogsServiceRequest. */
export function otlpRequest(lines: readonly DrainLine[], now: number) {
  const groups = new Map<string, { resource: KeyValue[]; lines: DrainLine[] }>();
  for (const line of lines) {
    const resource = resourceOf(line);
    const key = JSON.stringify(resource);
    const group = groups.get(key) ?? { resource, lines: [] };
    group.lines.push(line);
    groups.set(key, group);
  }
  return {
    resourceLogs: [...groups.values()].map((group) => ({
      resource: { attributes: group.resource },
      scopeLogs: [{ scope: { name: 'berth' }, logRecords: group.lines.map((line) => recordOf(line, now)) }],
    })),
  };
}
