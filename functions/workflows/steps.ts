/** Every step, by the name that the workflows use. */
import type { StepName } from '../core/model/index.ts';
import { isStepName } from '../core/operations/index.ts';
import type { Units } from '../core/units.ts';
import type { Ports } from '../ports/index.ts';
import { runStep, type Step, type StepInput } from './step.ts';
import * as code from './step-code.ts';

export const steps: Readonly<Record<StepName, Step>> = code;

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
