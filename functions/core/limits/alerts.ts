/** Budgets of alerts. */
import { limit } from './limit.ts';

export const alertLimits = {
  alertRules: limit({
    value: 30,
    unit: 'records',
    of: 'Alert rules',
    each: 'a project',
    past: 'One rule more is refused.',
    code: 'invalid_request',
  }),
  alertSeconds: limit({
    value: 3_600,
    unit: 'seconds',
    of: 'The window of an alert rule, and how long it waits before it fires and before it resolves',
    each: 'a rule',
    past: 'A longer time is refused: figures are kept for an hour.',
    code: 'invalid_request',
  }),
  alertSilences: limit({
    value: 50,
    unit: 'records',
    of: 'Silences that have not ended',
    each: 'a project',
    past: 'One silence more is refused; those that have ended do not count.',
    code: 'conflict',
  }),
  alertSilenceSeconds: limit({
    value: 30 * 24 * 3_600,
    unit: 'seconds',
    of: 'How long alerts are silenced',
    each: 'a silence',
    past: 'A longer time is refused: what is silenced for good is a rule to change.',
    code: 'invalid_request',
  }),
  alertsOpen: limit({
    value: 100,
    unit: 'records',
    of: 'Alerts that fire or are about to',
    each: 'an environment',
    past: 'No further one fires until one of these has resolved.',
  }),
};
