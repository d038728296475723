/** Stages as a line each, in the way that `berth pipeline set` takes them: `staging@30m`, `production=eu,us`. */
import type { Pipeline } from '../../../../client/types.generated.ts';

type Stage = Pipeline['stages'][number];

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** @param seconds above 0 @example bakeWord(1800) // "30m" */
export function bakeWord(seconds: number): string {
  const [unit, size] = units.find(([, each]) => seconds % each === 0) ?? ['s', 1];
  return `${seconds / size}${unit}`;
}

/** @example stageLine({ name: 'production', environments: ['eu', 'us'], bakeSeconds: 0 }) // "production=eu,us" */
export function stageLine({ name, environments, bakeSeconds }: Stage): string {
  const isItself = environments.length === 1 && environments[0] === name;
  return `${name}${isItself ? '' : `=${environments.join(',')}`}${bakeSeconds > 0 ? `@${bakeWord(bakeSeconds)}` : ''}`;
}

function stageOf(line: string): { name: string; environments?: string[]; bake?: string } {
  const [stage = '', bake] = line.split('@', 2).map((part) => part.trim());
  const [name = '', environments] = stage.split('=', 2).map((part) => part.trim());
  return {
    name,
    ...(environments !== undefined && {
      environments: environments
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean),
    }),
    ...(bake !== undefined && { bake }),
  };
}

/** As the API takes them, which says what is wrong with them. @param text a stage a line */
export const stagesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(stageOf);
