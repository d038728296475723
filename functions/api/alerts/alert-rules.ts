/** Routes of the alert rules of a project. */
import { alertRulesOf, type HeldRules, putAlertRules } from '../../commands/alerts/alert-rules.ts';
import { defaultAlertRules } from '../../core/alerts/default-rules.ts';
import { getProject } from '../../records/read.ts';
import { route } from '../http/route-spec.ts';
import { compact } from '../http/schemas.ts';
import { ruleOf, rulesBody, rulesSchema, ruleView } from './alert-schemas.ts';

const RULES = '/v1/projects/{project}/alert-rules';

const view = ({ rules, set }: HeldRules) =>
  compact({
    rules: rules.map(ruleView),
    isDefault: set === undefined,
    updatedAt: set?.data.updatedAt,
    updatedBy: set?.data.updatedBy,
  });

export const routes = [
  route({
    method: 'get',
    path: RULES,
    policy: { action: 'alert.read', scope: 'project' },
    operationId: 'getAlertRules',
    summary: 'Read the alert rules of a project',
    tag: 'Alerts',
    answers: { 200: { summary: 'Those that hold', schema: rulesSchema } },
    async handle({ ports, params }) {
      await getProject(ports.store, params.project);
      return { status: 200, body: view(await alertRulesOf(ports.store, params.project)) };
    },
  }),
  route({
    method: 'put',
    path: RULES,
    policy: { action: 'alert-rule.write', scope: 'project' },
    operationId: 'putAlertRules',
    summary: 'Set the alert rules of a project, or put the defaults back',
    description:
      'They take the place of all that held. What fires by a rule that is not among them is over. See docs/how-to/alerts.md.',
    tag: 'Alerts',
    body: rulesBody,
    bodyExamples: {
      'two rules': {
        rules: [
          {
            name: 'error-rate',
            when: { kind: 'error-rate', percent: 2, minRequests: 100, window: '5m' },
            environments: ['production'],
            for: '1m',
            clearAfter: '5m',
          },
          { name: 'job', when: { kind: 'job' } },
        ],
      },
      'the defaults': { rules: null },
      'no alerts': { rules: [] },
    },
    answers: {
      200: {
        summary: 'As they are now',
        schema: rulesSchema,
        example: { rules: defaultAlertRules.map(ruleView), isDefault: true },
      },
    },
    handle: ({ ports, params, body, change }) =>
      change(
        (held: HeldRules) => ({ status: 200, body: view(held) }),
        (caller) => putAlertRules(ports, caller, params.project, body.rules?.map(ruleOf) ?? null),
      ),
  }),
];
