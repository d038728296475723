/** The console's names for each kind of operation. */
import { kindNames, operationKinds } from '../../functions/core/operations/index.ts';

/** The whole of client/words.generated.ts. */
export function operationWords(): string {
  const words = Object.fromEntries(kindNames.map((kind) => [kind, operationKinds[kind].words]));
  return `// Made from the kinds of operations by \`npm run generate\`; do not edit.
export const operationWords = ${JSON.stringify(words, null, 2)} as const;
`;
}
