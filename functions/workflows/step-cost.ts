/**
 * What an operation costs. Amounts are summed up along the workflow: the request that accepts an operation starts the
 * sum, and each step begins with it and hands on its own. The record has the sum of its latest write, so that nothing
 * is written for the bill alone. Where two sums differ, the later is greater.
 */
import type { Operation, StepName } from '../core/model/index.ts';
import { declaredSteps } from '../core/operations/index.ts';
import { addUnits, type Cost, costOf, laterUnits, type Units } from '../core/units.ts';
import type { Ports } from '../ports/index.ts';
import { createMeter, currentMeter, withMeter } from '../ports/meter.ts';

/**
 * Sums of failed attempts, by operation: a workflow does not hand these on, but the next attempt mostly runs in the
 * same process.
 */
const failed = new Map<string, Units>();
const FAILED_MAX = 1_000;

interface Attempt {
  operation: string;
  step: StepName;
  role: 'work' | 'finish' | 'recover';
  used?: Units;
}

/**
 * Runs a step with a meter: a transition, a call of a function and its time, and what the adapters count.
 * @returns the sum for the next step
 */
export async function meterStep(ports: Ports, attempt: Attempt, run: () => Promise<void>): Promise<Units> {
  const { operation, step, role, used = {} } = attempt;
  const before = laterUnits(used, failed.get(operation) ?? {});
  failed.delete(operation);
  const meter = createMeter({ before, runsIn: declaredSteps[step].runsOn, now: ports.effects.now });
  // After a compensation the machine goes on to the state that reports the failure.
  meter.add('states.transition', role === 'recover' ? 2 : 1);
  try {
    await withMeter(meter, run);
    return meter.read();
  } catch (error) {
    if (failed.size >= FAILED_MAX) failed.clear();
    failed.set(operation, meter.read());
    throw error;
  }
}

/** Counts on from the record's sum, where a run began anew. */
export function meterFrom({ cost }: Operation): void {
  if (cost) currentMeter()?.startFrom(cost.units);
}

/** The sum until now, for a write of the record. */
export function costSoFar(): { cost?: Cost } {
  const meter = currentMeter();
  return meter ? { cost: costOf(meter.read()) } : {};
}

/**
 * The sum including the transaction that ends the operation, which has to hold its own price. Records are mostly
 * smaller than a unit, so each counts as the two units that a transaction asks for; moving from the queue of running
 * operations to that of kept ones is two more. The head of the audit chain goes to a bucket.
 * @param writes of the transaction
 */
export function costAtEnd(operation: Operation, writes: number): Cost {
  const before = currentMeter()?.read() ?? operation.cost?.units ?? {};
  return costOf(addUnits(before, { 'dynamodb.writeRequestUnit': 2 * writes + 2, 's3.write': 1 }));
}
