/**
 * `rollback`: puts a former deployment back with everything that it pinned; nothing is resolved or released again.
 */

import { operationKind } from '../operation-kind.ts';
import { deploy } from './deploy.ts';

const { ensureResources: _resolved, runRelease: _released, ...steps } = deploy.steps;

export const rollback = operationKind({
  target: 'deployment',
  boundSeconds: 3_120,
  cancelable: true,
  runsOn: 'workloads',
  words: 'Rollback {number} of {service} in {environment}',
  steps,
  recovery: 'recoverDeployment',
});
