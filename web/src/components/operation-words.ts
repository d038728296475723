/** What an operation and its steps do, in words. */
import type { Operation } from '../api/types.generated.ts';

type Named = Pick<Operation, 'kind' | 'environment' | 'service' | 'number'>;

const words: Record<Operation['kind'], (operation: Named) => string> = {
  build: ({ service }) => `Build of ${service}`,
  'provision-environment': ({ environment }) => `Making ${environment} ready`,
  deploy: ({ number, service, environment }) => `Deployment ${number} of ${service} to ${environment}`,
  rollback: ({ number, service, environment }) => `Rollback ${number} of ${service} in ${environment}`,
  hibernate: ({ environment }) => `Putting ${environment} to sleep`,
  wake: ({ environment }) => `Waking ${environment}`,
  'rotate-secret': ({ environment }) => `Rotating a secret of ${environment}`,
  'destroy-environment': ({ environment }) => `Destroying ${environment}`,
};

export const operationWords = (operation: Named): string => words[operation.kind](operation);

/** @example stepWords('awaitRollout') // "Await rollout" */
export function stepWords(name: string): string {
  const text = name.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
