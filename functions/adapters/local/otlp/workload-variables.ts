/** What a workload's environment says of where its spans go. */
import type { WorkloadTelemetry } from '../../../ports/traces.ts';
import type { Senders } from './senders.ts';

/** With one of these a workload sends elsewhere; other settings of the exporter, as its timeout, say nothing of that. */
const ELSEWHERE = ['ENDPOINT', 'TRACES_ENDPOINT', 'HEADERS', 'TRACES_HEADERS', 'PROTOCOL'];

/** @param port of the receiver, on the loopback interface */
export function createWorkloadTelemetry(senders: Senders, port: number): WorkloadTelemetry {
  return {
    variables(spec, present) {
      const { project, environment, service, number } = spec;
      const known = {
        OTEL_SERVICE_NAME: service,
        OTEL_RESOURCE_ATTRIBUTES: `service.namespace=${project},deployment.environment.name=${environment},berth.deployment=${number}`,
      };
      // The token is for nobody else: a workload that sends elsewhere gets none.
      const elsewhere = ELSEWHERE.some((name) => present.has(`OTEL_EXPORTER_OTLP_${name}`));
      const sending = {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${senders.of(spec).token}`,
        // Spans alone are taken there: SDKs would try the others again and again.
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
      };
      const all: Record<string, string> = { ...known, ...(!elsewhere && sending) };
      return Object.fromEntries(Object.entries(all).filter(([name]) => !present.has(name)));
    },
    secrets: (spec) => [senders.of(spec).token],
    forget: senders.forget,
  };
}
