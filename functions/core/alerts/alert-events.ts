/** Types of events: alerts. */
import * as z from 'zod';
import { changesData, deploymentData, type EventDeclarations } from '../events/event-declaration.ts';
import { alertEnds } from './alert-types.ts';

const ofAlert = {
  alert: z.string().describe('Id of the alert.'),
  rule: z.string().describe('Name of the rule.'),
  subject: z.string().describe('A service, a job, a resource, a domain, an operation or a policy.'),
};

const silenceData = z.object({
  silence: z.string().describe('Id of the silence.'),
  until: z.string(),
  reason: z.string(),
  rule: z.string().optional().describe('The rule; all where absent.'),
  of: z.string().optional().describe('The environment; all where absent.'),
  subject: z.string().optional().describe('The service, or what else an alert is about; all where absent.'),
});

export const alertEvents = {
  'alert.fired': {
    data: z.object({
      ...ofAlert,
      kind: z.string().describe('What the rule looks at.'),
      cause: z.string().describe('What was seen, in words.'),
      figures: z.record(z.string(), z.union([z.number(), z.string()])).describe('The same in numbers.'),
      firedAt: z.string().describe('When it fired: before the event, where it was silenced until now.'),
      deployment: deploymentData.optional().describe('One that began within the half hour before.'),
      next: z.string().describe('A command that is worth to be run next.'),
    }),
    words: 'Alert {rule} on {subject} in {environment}: {cause}',
    tone: 'bad',
  },
  'alert.resolved': {
    data: z.object({
      ...ofAlert,
      firedAt: z.string(),
      end: z
        .enum(alertEnds)
        .describe(
          '`cleared`: it is fine again; `gone`: what it was about, or the rule, is not there any more.',
        ),
    }),
    words: 'Alert {rule} on {subject} in {environment} is over',
    tone: 'good',
  },
  'alert.acknowledged': {
    data: z.object({ ...ofAlert, note: z.string().optional() }),
    words: 'Alert {rule} on {subject} in {environment} acknowledged',
  },
  'alert.silenced': { data: silenceData, words: 'Alerts silenced until {until}: {reason}' },
  'alert.unsilenced': { data: silenceData, words: 'A silence of alerts was ended' },
  'alert-rules.changed': { data: z.object(changesData), words: 'Alert rules changed' },
} as const satisfies EventDeclarations;
