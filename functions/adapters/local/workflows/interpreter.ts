/**
 * Loads the ASL interpreter without two things that it brings. The AWS SDK: a Task that no step of ours takes
 * would be sent to AWS, and here nothing may ever be; what is not loaded can not be called. The ASL validator:
 * our loader checks more strictly, and tests run the validator itself. Together they would be 25 MB of memory.
 */
import { registerHooks } from 'node:module';

const moduleOf = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;

const refusal = (why: string): string => `const refuse = () => { throw new Error(${JSON.stringify(why)}); };`;

/** Stands for every name that the interpreter imports. */
const replacements = new Map(
  Object.entries({
    '@aws-sdk/client-lambda': `${refusal('On one machine no Task is sent to AWS.')}
      export { refuse as LambdaClient, refuse as InvokeCommand };`,
    '@aws-sdk/credential-providers': `${refusal('On one machine there are no AWS credentials.')}
      export { refuse as fromCognitoIdentityPool };`,
    'asl-validator': `${refusal('Workflows are checked by their loader.')}
      export { refuse as default };`,
  }).map(([specifier, source]) => [specifier, moduleOf(source)]),
);

let loaded: Promise<typeof import('aws-local-stepfunctions')> | undefined;

export function loadInterpreter(): Promise<typeof import('aws-local-stepfunctions')> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<typeof import('aws-local-stepfunctions')> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const fromInterpreter = context.parentURL?.includes('/aws-local-stepfunctions/') ?? false;
      const url = fromInterpreter ? replacements.get(specifier) : undefined;
      return url === undefined ? next(specifier, context) : { url, format: 'module', shortCircuit: true };
    },
  });
  try {
    return await import('aws-local-stepfunctions');
  } finally {
    hooks.deregister();
  }
}
