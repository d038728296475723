/** The log of a service, as it is printed. */
import { useState } from 'react';
import { useStream } from '../../api/stream.ts';
import type { LogLine } from '../../api/types.generated.ts';
import { plain } from '../../components/plain.ts';
import type { ServiceTabProps } from '../service.tsx';

const LINES_MAX = 1_000;

export default function LogsTab({ place: { project, environment, service } }: ServiceTabProps) {
  const [lines, setLines] = useState<LogLine[]>([]);
  useStream(`/v1/projects/${project}/environments/${environment}/services/${service}/logs?tail=200`, {
    onEvent({ event, data }) {
      if (event === 'line') setLines((before) => [...before, data as LogLine].slice(-LINES_MAX));
    },
  });
  return (
    <div className="log" role="log" aria-live="off" aria-label="Log" tabIndex={0}>
      {lines.map(({ at, message }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no name of their own.
        <div key={index}>
          {new Date(at).toLocaleTimeString('en-GB')} {plain(message)}
        </div>
      ))}
    </div>
  );
}
