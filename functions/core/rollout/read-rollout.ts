/** Reads the annotations of a rollout: each gives the value, or a string that says why it is none. */
import { parseDuration } from '../duration.ts';
import { limits } from '../limits.ts';
import type { Stage } from './rollout-plan.ts';

const STEPS_MAX = limits.rolloutSteps.value;
const STEPS_SECONDS_MAX = limits.rolloutSeconds.value;
const URL_MAX = limits.checkUrl.value;

const EXAMPLE = 'such as "10% 2m, 50% hold"';

/** `10% 2m, 50% hold`: a share of the requests and how long it has it, or until a person goes on. */
export function readSteps(text: string): Stage[] | string {
  const stages: Stage[] = [];
  for (const part of text.split(',')) {
    const [, digits, time] = /^\s*([1-9]\d?)%\s+(\S{1,12})\s*$/.exec(part) ?? [];
    const seconds = time === undefined ? undefined : parseDuration(time);
    if (digits === undefined || (time !== 'hold' && seconds === undefined))
      return `must be shares from 1% to 99%, each with a duration or "hold", ${EXAMPLE}`;
    const percent = Number(digits);
    if (percent <= (stages.at(-1)?.percent ?? 0)) return 'must name shares that grow from step to step';
    stages.push({ percent, ...(seconds !== undefined && { seconds }) });
  }
  if (stages.length > STEPS_MAX) return `must not have more than ${STEPS_MAX} steps`;
  const total = stages.reduce((sum, { seconds = 0 }) => sum + seconds, 0);
  if (total > STEPS_SECONDS_MAX) return `must not take longer than ${STEPS_SECONDS_MAX / 3600} hours`;
  return stages;
}

/** `2%` or `0.5%`, as a number of a hundred. */
export function readRate(text: string): number | string {
  const [, digits] = /^(\d{1,2}(?:\.\d{1,2})?)\s?%$/.exec(text) ?? [];
  return digits === undefined
    ? 'must be a share of the requests from 0% to 99.99%, such as "2%"'
    : Number(digits);
}

/** `500ms` or `2s`, in milliseconds. */
export function readMs(text: string): number | string {
  const [, digits, unit] = /^([1-9]\d{0,5})(ms|s)$/.exec(text) ?? [];
  const value = Number(digits) * (unit === 's' ? 1000 : 1);
  return value > 0 && value <= 300_000 ? value : 'must be a time from 1ms to 300s, such as "500ms"';
}

/** A path of the service. */
export const readPath = (text: string): { value: string } | string =>
  text.length <= URL_MAX && /^\/[\x21-\x7e]*$/.test(text) && !text.startsWith('//')
    ? { value: text }
    : 'must be a path of the service that starts with one slash, such as "/healthz"';

export const readWebhook = (text: string): { value: string } | string =>
  text.length <= URL_MAX && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
    ? { value: text }
    : 'must be an address that starts with https://';
