/**
 * Every path through a workflow, found from its ASL alone, with the calls that any interpreter has to make on it.
 * Each Task succeeds, or fails for good; each way through the states is taken with either. Retries are taken one
 * state at a time, since their counters begin anew with every state: each retrier until the Task is fine, until
 * it is exhausted, and all retriers of a state by turns.
 */
import type { StateMachineDefinition, TaskState } from '../../state-machines/load.ts';

export interface AslCall {
  state: string;
  /** 1 for the first try. */
  attempt: number;
  /** Name of the error in the input: that of the state before, where a Catch led here. */
  caught?: string;
  /** The state whose result is in the input: the last one that was fine. */
  after?: string;
}

export interface AslPath {
  /** `AwaitRollout: Berth.StillProgressing until exhausted`, or `all fine`. */
  name: string;
  /** The errors in which the calls of a state end, in order; later calls succeed. */
  errors: Record<string, string[]>;
  calls: AslCall[];
  /** In order, the Fail state included. */
  states: string[];
  /** The error of the run as a whole; undefined when it succeeds. */
  error?: string;
  /** Parts of the definition that it takes: `AwaitRollout`, `AwaitRollout.Retry[0]`, `AwaitRollout.Catch[0]`. */
  taken: string[];
}

/** How a Task ends: with these errors, and then well or not. */
interface Outcome {
  name?: string;
  errors: string[];
  /** Indexes of the retriers that are used. */
  retriers: number[];
  fine: boolean;
}

/** No retrier may name it. */
const FOR_GOOD = 'Berth.workload_crashed';
const MAX_ATTEMPTS_DEFAULT = 3;

const retriersOf = ({ Retry }: TaskState) =>
  Retry.map(({ ErrorEquals, MaxAttempts }) => ({
    names: ErrorEquals,
    most: typeof MaxAttempts === 'number' ? MaxAttempts : MAX_ATTEMPTS_DEFAULT,
  }));

/** The first `count` of the names, over and over, from this one on. */
const turns = (names: readonly string[], count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => names[(from + at) % names.length] ?? '');

const FINE: Outcome = { errors: [], retriers: [], fine: true };

function plainOutcomes(state: TaskState): Outcome[] {
  if (retriersOf(state).some(({ names }) => names.includes(FOR_GOOD) || names.includes('States.ALL')))
    throw new Error(`A retrier takes ${FOR_GOOD}, which stands for what fails for good`);
  return [FINE, { name: FOR_GOOD, errors: [FOR_GOOD], retriers: [], fine: false }];
}

function retriedOutcomes(state: TaskState): Outcome[] {
  const retriers = retriersOf(state);
  const alone = retriers.flatMap(({ names, most }, index): Outcome[] => {
    const fine = turns(names, Math.min(most, names.length));
    // Goes on with the names where the other one ended, so that all are thrown.
    const exhausted = turns(names, most + 1, fine.length);
    const label = names[0];
    return [
      { name: `${label} until fine`, errors: fine, retriers: [index], fine: true },
      { name: `${label} until exhausted`, errors: exhausted, retriers: [index], fine: false },
    ];
  });
  if (retriers.length < 2) return alone;
  const longest = Math.max(...retriers.map(({ most }) => most));
  const byTurns = Array.from({ length: longest }, (_, round) =>
    retriers.flatMap(({ names, most }) => (round < most ? turns(names, 1, round) : [])),
  ).flat();
  const all = retriers.map((_, index) => index);
  return [...alone, { name: 'all retriers by turns', errors: byTurns, retriers: all, fine: true }];
}

type Walked = Omit<AslPath, 'name'> & { labels: string[]; retried: boolean; after?: string };

/** @throws Error for what is not a Task or Fail, so that a new kind of state does not go untested */
export function aslPaths({ StartAt, States }: StateMachineDefinition): AslPath[] {
  const retried = new Set<string>();
  const ended: Walked[] = [];

  function walk(name: string, so: Walked, caught: string | undefined): void {
    const state = States[name];
    if (so.states.includes(name)) throw new Error(`${name} is a loop, whose paths have no end`);
    const here = { ...so, states: [...so.states, name], taken: [...so.taken, name] };
    if (state?.Type === 'Fail') {
      ended.push({ ...here, ...(caught !== undefined && { error: caught }) });
      return;
    }
    if (state?.Type !== 'Task')
      throw new Error(`${name} is a ${(state as { Type: string } | undefined)?.Type}`);
    const plain = plainOutcomes(state);
    // Behind a retry all goes well.
    for (const outcome of so.retried ? [FINE] : plain) take(name, state, here, outcome, caught);
    // Once for each state is enough, on the first path that comes here.
    if (so.retried || retried.has(name)) return;
    retried.add(name);
    for (const outcome of retriedOutcomes(state)) take(name, state, here, outcome, caught);
  }

  function take(name: string, state: TaskState, so: Walked, outcome: Outcome, caught?: string): void {
    const { errors, retriers, fine } = outcome;
    const count = errors.length + (fine ? 1 : 0);
    const calls = Array.from({ length: count }, (_, at) => ({
      state: name,
      attempt: at + 1,
      ...(caught !== undefined && { caught }),
      ...(so.after !== undefined && { after: so.after }),
    }));
    const next: Walked = {
      ...so,
      labels: outcome.name === undefined ? so.labels : [...so.labels, `${name}: ${outcome.name}`],
      retried: so.retried || retriers.length > 0,
      ...(fine && { after: name }),
      errors: errors.length > 0 ? { ...so.errors, [name]: errors } : so.errors,
      calls: [...so.calls, ...calls],
      taken: [...so.taken, ...retriers.map((index) => `${name}.Retry[${index}]`)],
    };
    if (fine) {
      if (state.Next === undefined) ended.push(next);
      else walk(state.Next, next, caught);
      return;
    }
    const error = errors.at(-1) ?? '';
    const at = (state.Catch ?? []).findIndex(
      ({ ErrorEquals }) => ErrorEquals.includes('States.ALL') || ErrorEquals.includes(error),
    );
    const catcher = state.Catch?.[at];
    if (catcher) walk(catcher.Next, { ...next, taken: [...next.taken, `${name}.Catch[${at}]`] }, error);
    else ended.push({ ...next, error });
  }

  walk(StartAt, { labels: [], retried: false, errors: {}, calls: [], states: [], taken: [] }, undefined);
  return ended.map(({ labels, retried: _, after: __, ...path }) => ({
    ...path,
    name: labels.join(', ') || 'all fine',
  }));
}

/** All that a definition has and that paths can take. */
export function aslParts({ States }: StateMachineDefinition): string[] {
  return Object.entries(States).flatMap(([name, state]) => {
    if (state.Type !== 'Task') return [name];
    return [
      name,
      ...state.Retry.map((_, index) => `${name}.Retry[${index}]`),
      ...(state.Catch ?? []).map((_, index) => `${name}.Catch[${index}]`),
    ];
  });
}
