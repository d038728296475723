/**
 * The nouns of Berth, as they are stored. All are plain JSON: times are ISO 8601 strings in UTC with
 * milliseconds, names are RFC 1123 labels (see names.ts), and no field ever holds a secret value.
 */

export * from '../alerts/alert-types.ts';
export * from '../clones/clone-record.ts';
export * from '../clones/masking-record.ts';
export * from '../domains/domain-record.ts';
export * from '../drains/drain.ts';
export * from '../pipelines/promotion-record.ts';
export * from '../placement/place-types.ts';
export type { RecipePin, RecipeVersion } from '../recipes/recipe.ts';
export * from '../rollout/rollout-state.ts';
export * from './access.ts';
export * from './connection.ts';
export * from './deployment.ts';
export * from './environment.ts';
export * from './event.ts';
export * from './gameday.ts';
export * from './job.ts';
export * from './operation.ts';
export * from './project.ts';
export * from './resource.ts';
export * from './secret.ts';
export * from './variable.ts';
export * from './version.ts';
export * from './webhook.ts';
