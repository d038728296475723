/** Rules of alerts in words. */
import type { AlertRule } from '../../../../client/types.generated.ts';

/** What rules look at. */
export const kindLabels: Readonly<Record<AlertRule['when']['kind'], string>> = {
  'error-rate': 'Answers that are errors',
  latency: 'Slow answers',
  'crash-loop': 'Containers that crash',
  job: 'Jobs that fail or do not run',
  backup: 'Backups that are late',
  certificate: 'Certificates that end',
  operation: 'Operations that hang',
  budget: 'Budgets that are nearly spent',
};

const isKind = (text: string): text is AlertRule['when']['kind'] => Object.hasOwn(kindLabels, text);

/** The same as choices of a field. */
export const kinds = Object.entries(kindLabels).flatMap(([value, label]) =>
  isKind(value) ? [{ value, label }] : [],
);

/** When a rule fires, such as "more than 5 % of at least 50 requests within 5m were answered with 5xx". */
export function firesWhen({ when, for: holds }: AlertRule): string {
  const words = conditionWords(when);
  return holds === undefined ? words : `${words}, for ${holds}`;
}

function conditionWords(when: AlertRule['when']): string {
  switch (when.kind) {
    case 'error-rate':
      return `more than ${when.percent} % of at least ${when.minRequests} requests within ${when.window} were answered with 5xx`;
    case 'latency':
      return `half of at least ${when.minRequests} requests within ${when.window} came when the slowest of a hundred took over ${when.p99Ms} ms`;
    case 'crash-loop':
      return `containers were started again ${when.restarts} times within ${when.window}`;
    case 'job':
      return 'the last run failed with no try left, or a run did not begin when it was due';
    case 'backup':
      return `no backup was checked for ${when.intervals} times the interval of its plan`;
    case 'certificate':
      return `a certificate ends within ${when.days} days and was not renewed`;
    case 'operation':
      return `an operation has not ended ${when.grace} after its bound`;
    case 'budget':
      return `a month of the environment costs more than ${when.percent} % of a budget among its policies`;
  }
}

/** Where a rule holds. */
export const holdsIn = ({ environments, ephemeral }: AlertRule): string =>
  `${environments?.join(', ') ?? 'all environments'}${ephemeral ? '' : ' that stay'}`;
