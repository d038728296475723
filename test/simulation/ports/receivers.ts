/** Those who asked to be told of events: some do not answer, and some answers are lost. */
import type { Receivers } from '../../../functions/ports/receivers.ts';
import type { World } from '../world.ts';
import type { SimulatedGitHost } from './git-host.ts';

export interface SimulatedReceivers extends Receivers {
  /** The ids of the events that a URL has taken, in the order in which they came. */
  taken(url: string): string[];
}

export function createSimulatedReceivers(
  world: World,
  git: Pick<SimulatedGitHost, 'answer'>,
): SimulatedReceivers {
  const taken = new Map<string, string[]>();
  return {
    refusal: (url) => (url.startsWith('https://') ? undefined : 'be an https URL'),
    post: (url, { body }) =>
      world
        .io('receivers.post', () => {
          if (world.faulty && world.random.chance(0.2)) return { status: 500 };
          taken.set(url, [...(taken.get(url) ?? []), String(JSON.parse(body).id)]);
          return { status: 204 };
        })
        .catch((error: unknown) => ({ fault: String(error) })),
    ask: (asked) =>
      world
        .io('receivers.ask', () =>
          world.faulty && world.random.chance(0.2) ? { status: 500, text: '' } : git.answer(asked),
        )
        .catch((error: unknown) => ({ fault: String(error) })),
    taken: (url) => taken.get(url) ?? [],
  };
}
