/** Lines of log drains are what receivers of OTLP read: the same as OpenTelemetry's own exporter makes of them. */
import { JsonLogsSerializer } from '@opentelemetry/otlp-transformer';
import { expect, it } from 'vitest';
import { type DrainLine, drainBody } from '../../../functions/core/drains/drain-line.ts';

const NOW = Date.UTC(2026, 0, 2);
const line: DrainLine = {
  time: '2026-01-01T00:00:00.123Z',
  message: 'äöü "quoted" \u001b[31m',
  stream: 'stderr',
  level: 'error',
  project: 'demo',
  environment: 'production',
  service: 'web',
  process: 'worker',
  deployment: 3,
  replica: 'web-3-0',
  container: 'main',
};

it('OTLP is what the exporter of OpenTelemetry sends', () => {
  const hrTime = (ms: number): [number, number] => [Math.floor(ms / 1000), (ms % 1000) * 1e6];
  const record = {
    hrTime: hrTime(Date.parse(line.time)),
    hrTimeObserved: hrTime(NOW),
    severityNumber: 17,
    severityText: 'ERROR',
    body: line.message,
    attributes: { 'log.iostream': 'stderr', 'container.name': 'main', 'berth.stream': 'stderr' },
    droppedAttributesCount: 0,
    resource: {
      attributes: {
        'service.name': 'web',
        'service.namespace': 'demo',
        'service.instance.id': 'web-3-0',
        'deployment.environment.name': 'production',
        'berth.deployment': 3,
        'berth.process': 'worker',
      },
    },
    instrumentationScope: { name: 'berth' },
  };
  const theirs = new TextDecoder().decode(JsonLogsSerializer.serializeRequest([record as never]));
  const { body, mediaType } = drainBody('otlp', [line], NOW);
  expect(mediaType).toBe('application/json');
  expect(JSON.parse(theirs)).toMatchObject(JSON.parse(body));
});

it('Lines of one replica are one resource, and NDJSON is a line each', () => {
  const lines = [line, { ...line, message: 'a\nb' }, { ...line, replica: 'web-3-1' }];
  const { resourceLogs } = JSON.parse(drainBody('otlp', lines, NOW).body);
  expect(
    resourceLogs.map(
      (one: { scopeLogs: { logRecords: unknown[] }[] }) => one.scopeLogs[0]?.logRecords.length,
    ),
  ).toEqual([2, 1]);
  const texts = drainBody('ndjson', lines, NOW).body.split('\n');
  expect(texts.pop()).toBe('');
  expect(texts.map((text) => JSON.parse(text))).toEqual(lines);
});
