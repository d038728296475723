/** What a recipe changes of the services that it made resources of, as people read it. */
import type { RecipeUse } from '../../../../client/types.generated.ts';
import { inCommands } from '../../hints.ts';
import { note, paint, plain, say } from '../../output.ts';
import { sayChanges, sayResources } from '../deployments.ts';

/** What would differ where the recipe is used; nothing is said of what stays as it is. */
export function sayUses(uses: readonly RecipeUse[]): void {
  for (const { project, environment, service, version, changes, losses, problems } of uses) {
    if (changes.length === 0 && problems.length === 0) continue;
    say(`${project}/${environment}/${service}, made by version ${version}:`);
    if (changes.length > 0) sayChanges(changes);
    sayResources(losses);
    for (const { cause, hint } of problems)
      note(`  ${paint('red', 'Refused:', process.stderr)} ${plain(cause)}\n  ${plain(inCommands(hint))}`);
  }
}
