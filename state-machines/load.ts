/**
 * Loads the workflows (Amazon States Language, JSONPath) for both hosts: the stacks put function ARNs in place
 * of the placeholders, one machine puts step names. What is outside the subset that both interpreters run is
 * refused here, because an interpreter that meets it may pass over it without an error.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = dirname(fileURLToPath(import.meta.url));
const SUFFIX = '.asl.json';

export interface TaskState {
  Type: 'Task';
  Resource: string;
  TimeoutSeconds: number;
  Retry: { ErrorEquals: string[]; [key: string]: unknown }[];
  Catch?: { ErrorEquals: string[]; Next: string; ResultPath: string }[];
  ResultPath: '$.used';
  Next?: string;
  End?: true;
}

export interface FailState {
  Type: 'Fail';
  ErrorPath?: string;
  CausePath?: string;
}

export interface StateMachineDefinition {
  Comment: string;
  StartAt: string;
  TimeoutSeconds: number;
  States: Record<string, TaskState | FailState>;
}

export interface StateMachine {
  name: string;
  /** The definition with its placeholders replaced. */
  definition: StateMachineDefinition;
  /** The step of each state that runs one, by the state's name. */
  tasks: Record<string, string>;
}

/** A workflow file that at least one of the hosts can not run. */
export class StateMachineError extends Error {
  override name = 'StateMachineError';
}

/** Names of all workflows, in order. */
export const workflowNames = (): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();

/**
 * Reads one workflow and replaces its placeholders.
 * @param resources what stands for each step, by step name; exactly those that the file names
 * @throws StateMachineError
 */
export function loadStateMachine(name: string, resources: Record<string, string>): StateMachine {
  const text = readFileSync(join(directory, `${name}${SUFFIX}`), 'utf8');
  return parseStateMachine(name, text, resources);
}

/** The steps that a workflow names, in the order of its states. */
export function stepsOf(name: string): string[] {
  const text = readFileSync(join(directory, `${name}${SUFFIX}`), 'utf8');
  return [...new Set([...text.matchAll(/"Resource":\s*"\$\{([^}]*)\}"/g)].map((match) => match[1]!))];
}

/** As `loadStateMachine`, from a text. */
export function parseStateMachine(
  name: string,
  text: string,
  resources: Record<string, string>,
): StateMachine {
  const fail = (message: string): never => {
    throw new StateMachineError(`${name}${SUFFIX}: ${message}`);
  };
  const definition = JSON.parse(text) as StateMachineDefinition;
  checkKeys(definition, ['Comment', 'StartAt', 'TimeoutSeconds', 'States'], 'the machine', fail);
  if (!isPositiveInteger(definition.TimeoutSeconds)) fail('TimeoutSeconds is missing');
  if (!Object.hasOwn(definition.States, definition.StartAt))
    fail(`StartAt names no state: ${definition.StartAt}`);
  const tasks: Record<string, string> = {};
  for (const [stateName, state] of Object.entries(definition.States)) {
    if (state.Type === 'Task') tasks[stateName] = resolveTask(stateName, state, resources, definition, fail);
    else if (state.Type === 'Fail') checkKeys(state, ['Type', 'ErrorPath', 'CausePath'], stateName, fail);
    else
      fail(`${stateName}: states of type ${String((state as { Type: unknown }).Type)} are not in the subset`);
  }
  checkReachable(definition, fail);
  const used = new Set(Object.values(tasks));
  for (const step of Object.keys(resources))
    if (!used.has(step)) fail(`nothing uses the placeholder ${step}`);
  if (/\$\{/.test(JSON.stringify(definition))) fail('a placeholder is left outside of Resource');
  return { name, definition, tasks };
}

type Fail = (message: string) => never;

const TASK_KEYS = ['Type', 'Resource', 'TimeoutSeconds', 'Retry', 'Catch', 'ResultPath', 'Next', 'End'];

/** Errors that may be retried: those that say "try again", never "this failed". */
const RETRYABLE = /^(Berth\.(Transient|unavailable|StillProgressing)|Lambda\.\w+)$/;

function resolveTask(
  name: string,
  state: TaskState,
  resources: Record<string, string>,
  definition: StateMachineDefinition,
  fail: Fail,
): string {
  checkKeys(state, TASK_KEYS, name, fail);
  const step =
    /^\$\{([A-Za-z]\w*)\}$/.exec(state.Resource)?.[1] ?? fail(`${name}: Resource is not one placeholder`);
  if (!Object.hasOwn(resources, step)) fail(`${name}: no step for the placeholder ${step}`);
  if (!isPositiveInteger(state.TimeoutSeconds)) fail(`${name}: TimeoutSeconds is missing`);
  // A step's result stays in the records; the state carries references, and the amounts used so far.
  if (state.ResultPath !== '$.used') fail(`${name}: ResultPath has to be $.used`);
  for (const retrier of state.Retry ?? fail(`${name}: Retry is missing`)) {
    const other = retrier.ErrorEquals.find((error) => !RETRYABLE.test(error));
    if (other) fail(`${name}: ${other} is not transient, so it must not be retried`);
  }
  for (const catcher of state.Catch ?? []) {
    if (catcher.ErrorEquals.join() !== 'States.ALL') fail(`${name}: Catch has to take States.ALL`);
    if (!Object.hasOwn(definition.States, catcher.Next)) fail(`${name}: Catch goes to no state`);
  }
  if (state.Next !== undefined && !Object.hasOwn(definition.States, state.Next))
    fail(`${name}: Next is no state`);
  if ((state.Next === undefined) === (state.End === undefined))
    fail(`${name}: needs Next or End, and not both`);
  state.Resource = resources[step]!;
  return step;
}

/** Every state can be reached, and every Task but the compensation has a Catch. */
function checkReachable(definition: StateMachineDefinition, fail: Fail): void {
  const main = new Set<string>();
  for (let at: string | undefined = definition.StartAt; at && !main.has(at); ) {
    main.add(at);
    const state: TaskState | FailState = definition.States[at]!;
    if (state.Type !== 'Task') break;
    if (!state.Catch) fail(`${at}: a step on the way needs a Catch`);
    at = state.Next;
  }
  const reached = new Set(main);
  const queue = [...main].flatMap((name) => nexts(definition.States[name]!));
  for (let at = queue.pop(); at; at = queue.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    queue.push(...nexts(definition.States[at]!));
  }
  const lost = Object.keys(definition.States).find((name) => !reached.has(name));
  if (lost) fail(`${lost}: no state leads there`);
}

function nexts(state: TaskState | FailState): string[] {
  if (state.Type !== 'Task') return [];
  return [...(state.Next ? [state.Next] : []), ...(state.Catch ?? []).map((catcher) => catcher.Next)];
}

function checkKeys(value: object, allowed: readonly string[], what: string, fail: Fail): void {
  const other = Object.keys(value).find((key) => !allowed.includes(key));
  if (other) fail(`${what}: ${other} is not in the subset`);
}

const isPositiveInteger = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
