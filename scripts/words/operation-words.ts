/** The console's names for each kind of operation, and its steps. */
import { kindNames, operationKinds } from '../../functions/core/operations/index.ts';

/** The whole of client/words.generated.ts. */
export function operationWords(): string {
  const words = Object.fromEntries(kindNames.map((kind) => [kind, operationKinds[kind].words]));
  const steps = Object.fromEntries(
    kindNames.map((kind) => {
      const { steps, recovery } = operationKinds[kind];
      return [kind, Object.keys(steps).filter((name) => name !== recovery)];
    }),
  );
  return `// Made from the kinds of operations by \`npm run generate\`; do not edit.
export const operationWords = ${JSON.stringify(words, null, 2)} as const;

/** The steps of an operation that succeeds, in their order. */
export const operationSteps = ${JSON.stringify(steps, null, 2)} as const;
`;
}
