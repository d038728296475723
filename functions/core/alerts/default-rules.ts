/**
 * The rules that hold where a project has set none: quiet ones, since an alert that nobody acts on teaches people to look
 * away. They hold in persistent environments.
 */
import type { AlertRule } from './alert-types.ts';

export const defaultAlertRules: readonly AlertRule[] = [
  {
    name: 'error-rate',
    when: { kind: 'error-rate', percent: 5, minRequests: 50, windowSeconds: 300 },
    // The window itself evens out what is short.
    forSeconds: 0,
    clearSeconds: 300,
  },
  {
    name: 'crash-loop',
    when: { kind: 'crash-loop', restarts: 5, windowSeconds: 600 },
    forSeconds: 0,
    clearSeconds: 60,
  },
  { name: 'job', when: { kind: 'job' }, forSeconds: 0, clearSeconds: 0 },
  { name: 'backup', when: { kind: 'backup', intervals: 2 }, forSeconds: 0, clearSeconds: 0 },
  { name: 'certificate', when: { kind: 'certificate', days: 14 }, forSeconds: 600, clearSeconds: 0 },
  { name: 'operation', when: { kind: 'operation', graceSeconds: 300 }, forSeconds: 0, clearSeconds: 0 },
  // They say nothing where nobody has set a budget.
  { name: 'budget', when: { kind: 'budget', percent: 80 }, forSeconds: 0, clearSeconds: 0 },
  { name: 'over-budget', when: { kind: 'budget', percent: 100 }, forSeconds: 0, clearSeconds: 0 },
];
