/** What a service prints. */
import { apiPath } from '../../api/read.ts';
import { LogViewer } from '../../components/log/log-viewer.tsx';
import type { ServiceTabProps } from '../service.tsx';

export default function LogsTab({ place }: ServiceTabProps) {
  return <LogViewer path={`${apiPath(place)}/logs`} />;
}
