/** Writes what each kind of operation is called in the console. */
import { kindNames, operationKinds } from '../functions/core/operations/index.ts';

/** @returns the file as it has to be */
export function operationWords(): string {
  const words = Object.fromEntries(kindNames.map((kind) => [kind, operationKinds[kind].words]));
  return `// Made from the kinds of operations by \`npm run generate\`; do not edit.
export const operationWords = ${JSON.stringify(words, null, 2)} as const;
`;
}
