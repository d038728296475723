/** Which recipes made the resources of a deployment, in words. */
import type { Deployment } from '../../../../client/types.generated.ts';
import { plain } from '../plain.ts';

/** @returns false where no recipe did */
export const recipesInWords = (recipes: Deployment['recipes'] = {}): string | false =>
  Object.entries(recipes)
    .map(([name, { type, version }]) => `${plain(name)} by ${plain(type)}, version ${version}`)
    .join('; ') || false;
