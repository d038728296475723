/** What is told of a deployment beside its steps, so that nobody waits in silence: remarks of Berth's, and its shares. */
import { setTimeout as wait } from 'node:timers/promises';
import type { LogLine, Operation, Rollout } from '../../client/types.generated.ts';
import type { Api } from './api.ts';
import { body } from './api.ts';
import { note, paint, plain } from './output.ts';

const PAUSE_MS = 2000;

const placeOf = ({ project, environment, service }: Operation) =>
  environment === undefined || service === undefined ? undefined : { project, environment, service };

/** Tells what Berth remarks in the log of the service, such as a program that listens on another port than `PORT`. */
export async function tellRemarks(api: Api, operation: Operation, signal: AbortSignal): Promise<void> {
  const path = placeOf(operation);
  if (path === undefined || operation.number === undefined) return;
  const log = `/v1/projects/${path.project}/environments/${path.environment}/services/${path.service}/logs`;
  const tell = ({ data }: { data: unknown }): void => {
    const { source, message, missing } = data as LogLine;
    if (source === 'berth' && missing !== true) note(paint('yellow', `  ${plain(message)}`, process.stderr));
  };
  const query = new URLSearchParams({ deployment: String(operation.number), tail: '20' });
  // Whoever may deploy and not read the log hears of the steps alone.
  await api.follow(`${log}?${query}`, tell, signal, false).catch(() => undefined);
}

/** The step that a rollout is in, in words. */
export function shareInWords({ stages, stage, percent, pausedAt }: Rollout): string {
  const of = `${percent} % of the requests, step ${stage + 1} of ${stages.length}`;
  const seconds = stages[stage]?.seconds;
  if (pausedAt !== undefined) return `${of}; it stands still: berth rollout resume`;
  if (seconds !== undefined) return seconds === 0 ? of : `${of}, for ${seconds} s`;
  return `${of}; it waits until you go on: berth rollout continue, or berth rollout abort`;
}

/** Tells each step of a version that takes over step by step, and what a step waits for. */
export async function tellShares(api: Api, operation: Operation, signal: AbortSignal): Promise<void> {
  const path = placeOf(operation);
  if (path === undefined || operation.number === undefined) return;
  const params = { path: { ...path, number: String(operation.number) } };
  let told: string | undefined;
  while (!signal.aborted) {
    const read = api.GET(
      '/v1/projects/{project}/environments/{environment}/services/{service}/deployments/{number}/rollout',
      { params },
    );
    const rollout = await body(read).catch(() => undefined);
    const words = rollout?.since === undefined ? undefined : shareInWords(rollout);
    if (words !== undefined && words !== told && !signal.aborted) note(`  ${words}`);
    told = words ?? told;
    await wait(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
