/** Placeholders and params of resources: what stands for them once the resources are there, and what is refused. */
import type { ResourceOutputs } from '../core/model/index.ts';
import { Problem } from '../core/problem.ts';
import { expansionBudget } from '../core/score/expansion-budget.ts';
import { expand, lookupMetadata } from '../core/score/placeholders.ts';
import { replaceInParams } from '../core/score/texts.ts';
import type { ScoreWorkload } from '../core/score/workload.ts';
import type { ResourceType } from './type.ts';

/**
 * The text of placeholders for resources that are provisioned already.
 * @param outputs by resource name
 */
export function outputLookup(
  workload: ScoreWorkload,
  outputs: Record<string, ResourceOutputs>,
  secrets: ReadonlyMap<string, string>,
): (path: string[]) => string {
  return (path) => {
    const [root, name, ...rest] = path;
    if (root === 'metadata') return metadataText(workload, path);
    const output = rest.join('.');
    const found = name !== undefined && Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    if (found && Object.hasOwn(found.values, output)) return found.values[output]!;
    const secret = secrets.get(`${name}.${output}`);
    if (secret !== undefined) return secret;
    throw missingOutput(path, found, workload.resources?.[name ?? '']?.type);
  };
}

function metadataText(workload: ScoreWorkload, path: string[]): string {
  const text = lookupMetadata(workload.metadata, path);
  if (text !== undefined) return text;
  throw new Problem('unresolved_placeholder', `The placeholder \${${path.join('.')}} has no text value.`, {
    hint: 'Add it to metadata in the Score file.',
  });
}

/** How a variable or a secret comes into an environment. */
export const putSecret = (name: string): string =>
  `Put it with PUT …/variables/${name}, with PUT …/secrets/${name} where it has to stay hidden, or on the page of the environment, then deploy.`;

export function missingOutput(path: string[], found: ResourceOutputs | undefined, type?: string): Problem {
  const known = found ? [...Object.keys(found.values), ...Object.keys(found.secrets)] : [];
  return new Problem('unresolved_placeholder', `The placeholder \${${path.join('.')}} has no value.`, {
    hint:
      type === 'environment'
        ? putSecret(path.slice(2).join('.'))
        : known.length
          ? `"${path[1]}" offers: ${known.join(', ')}.`
          : `Correct the name of the output, or of the resource "${path[1]}", in the Score file.`,
  });
}

/** A pinned version of a secret that can not be read any more. */
export const goneSecret = (output: string, version: string): Problem =>
  new Problem(
    'unresolved_placeholder',
    `Version ${version} of secret "${output}" is gone: it was removed or revoked.`,
    { hint: 'Put the secret again; going back then takes it as it is, as deploying the version anew does.' },
  );

/**
 * Params may name outputs of other resources, but no secret ones, since params are stored as they are.
 * @throws Problem unresolved_placeholder
 */
export function expandParams(
  workload: ScoreWorkload,
  name: string,
  outputs: Record<string, ResourceOutputs>,
): Record<string, unknown> {
  const lookup = outputLookup(workload, outputs, new Map());
  const budget = expansionBudget();
  return replaceInParams(name, workload.resources?.[name]?.params ?? {}, (text, { where }) =>
    expand(text, lookup, where, budget),
  );
}

/** @throws Problem invalid_resource */
export function checkParams(type: ResourceType, name: string, params: unknown): Record<string, unknown> {
  const parsed = type.params.safeParse(params);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidParams(type, name, issue?.path ?? [], issue?.message ?? 'is not valid');
}

export const invalidParams = (
  { type, summary }: ResourceType,
  name: string,
  path: readonly PropertyKey[],
  message: string,
): Problem =>
  new Problem(
    'invalid_resource',
    `${['resources', name, 'params', ...path].map(String).join('.')}: ${message}.`,
    {
      hint: `Mend it in the Score file. ${type}: ${summary}`,
    },
  );
