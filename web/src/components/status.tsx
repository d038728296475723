/** States in a word and a sign; the same state looks the same everywhere. */
import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';

const types: Record<string, StatusIndicatorProps.Type> = {
  // Operations and deployments.
  queued: 'pending',
  pending: 'pending',
  running: 'in-progress',
  succeeded: 'success',
  failed: 'error',
  canceled: 'stopped',
  superseded: 'stopped',
  // Deliveries and previews.
  waiting: 'pending',
  building: 'in-progress',
  skipped: 'stopped',
  held: 'warning',
  opening: 'in-progress',
  closing: 'in-progress',
  closed: 'stopped',
  // Services.
  serving: 'success',
  deploying: 'in-progress',
  degraded: 'warning',
  healthy: 'success',
  down: 'error',
  unknown: 'pending',
  // Domains.
  waiting_for_dns: 'pending',
  ordering: 'in-progress',
  active: 'success',
  failing: 'error',
  suspended: 'warning',
  // Alerts.
  firing: 'error',
  silenced: 'stopped',
  // Environments and resources.
  provisioning: 'in-progress',
  ready: 'success',
  hibernating: 'in-progress',
  hibernated: 'stopped',
  asleep: 'stopped',
  expired: 'warning',
  waking: 'in-progress',
  destroying: 'in-progress',
  removing: 'in-progress',
  destroyed: 'stopped',
  stopped: 'stopped',
  // Backups.
  making: 'in-progress',
  checked: 'success',
  deleting: 'in-progress',
};

/** What goes on as it should is no news: only what came to a good end is green. */
const steady: ReadonlySet<string> = new Set(['serving', 'healthy', 'ready', 'active']);

/** @param children other words for the state than its own */
export const Status = ({ of, children = of.replaceAll('_', ' ') }: { of: string; children?: string }) => (
  <StatusIndicator type={types[of] ?? 'info'} {...(steady.has(of) && { colorOverride: 'grey' as const })}>
    {children}
  </StatusIndicator>
);
