/** Budgets of pipelines. */
import { limit } from './limit.ts';

export const pipelineLimits = {
  pipelineStages: limit({
    value: 10,
    unit: 'values',
    of: 'Stages',
    each: 'a pipeline',
    past: 'One stage more is refused.',
    code: 'invalid_request',
  }),
  stageEnvironments: limit({
    value: 20,
    unit: 'values',
    of: 'Environments that get a version together, or one after the other without a pipeline',
    each: 'a stage, and a promotion without stages',
    past: 'One environment more is refused.',
    code: 'invalid_request',
  }),
  stageBakeSeconds: limit({
    value: 7 * 24 * 3_600,
    unit: 'seconds',
    of: 'How long a version has to serve in a stage before it goes on',
    each: 'a stage',
    past: 'A longer time is refused.',
    code: 'invalid_request',
  }),
  shownVersions: limit({
    value: 200,
    unit: 'values',
    of: 'Versions, newest first, among which a pipeline shows what an environment is behind',
    each: 'a service',
    past: 'Of older ones it says that there are more.',
    code: 'invalid_request',
  }),
};
