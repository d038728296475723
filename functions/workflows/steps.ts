/** The code of every step, by the name that the workflows use. */
import type { StepName } from '../core/model/index.ts';
import { isStepName } from '../core/operations/index.ts';
import type { Units } from '../core/units.ts';
import type { Ports } from '../ports/index.ts';
import * as build from './build/build-steps.ts';
import * as deploy from './deploy/deploy-steps.ts';
import { ensureResources } from './deploy/ensure-resources.ts';
import * as destroy from './destroy-environment/destroy-steps.ts';
import * as hibernate from './hibernate/hibernate-steps.ts';
import * as provision from './provision-environment/provision-steps.ts';
import * as rotate from './rotate-secret/rotation-steps.ts';
import { runStep, type Step, type StepInput } from './step.ts';
import * as wake from './wake/wake-steps.ts';

export const steps: Readonly<Record<StepName, Step>> = {
  ensureResources,
  ...build,
  ...deploy,
  ...destroy,
  ...hibernate,
  ...provision,
  ...rotate,
  ...wake,
};

/**
 * Runs the step that a workflow calls by this name; see `runStep`.
 * @throws Error when there is none
 */
export function runStepNamed(
  ports: Ports,
  name: string,
  input: StepInput,
  signal: AbortSignal,
): Promise<Units> {
  if (!isStepName(name)) return Promise.reject(new Error(`There is no step "${name}"`));
  return runStep(ports, name, steps[name], input, signal);
}
