/** The command that is worth to be run next for an alert. Pure. */
import type { AlertKind, SuspectDeployment } from './alert-types.ts';

export function nextCommand(
  kind: AlertKind,
  of: { project: string; environment: string; service?: string; subject: string },
  deployment: SuspectDeployment | undefined,
): string {
  const where = `-p ${of.project} -e ${of.environment}`;
  const there = of.service === undefined ? where : `${where} -s ${of.service}`;
  switch (kind) {
    case 'error-rate':
    case 'latency':
    case 'crash-loop':
      return deployment ? `berth rollback ${there}` : `berth logs ${there}`;
    case 'job':
      return `berth runs ${there}`;
    case 'backup':
      return `berth db backups ${where}`;
    case 'certificate':
      return `berth domains list ${there}`;
    case 'budget':
      return `berth cost ${where}`;
    case 'operation':
      return `berth operations show ${of.subject}`;
  }
}
