/** What an operation and its steps do, in words. */
import type { Operation } from '../../../client/types.generated.ts';
import { operationWords as wordsOf } from '../../../client/words.generated.ts';

type Target = Pick<Operation, 'environment' | 'service' | 'number'>;

/** @example operationWords({ kind: 'wake', environment: 'dev' }) // "Waking dev" */
export const operationWords = (operation: Target & Pick<Operation, 'kind'>): string =>
  wordsOf[operation.kind].replaceAll(/\{(environment|service|number)\}/g, (_text, field: keyof Target) =>
    String(operation[field]),
  );

/** @example stepWords('awaitRollout') // "Await rollout" */
export function stepWords(name: string): string {
  const text = name.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
