/** Those who asked to be told of events, or to have the output: some do not answer, and some answers are lost. */
import type { Receipt, Receivers } from '../../../functions/ports/receivers.ts';
import { pause, type World } from '../world.ts';
import type { SimulatedGitHost } from './git-host.ts';

export interface SimulatedReceivers extends Receivers {
  /** The ids of the events that a URL has taken, in the order in which they came. */
  taken(url: string): string[];
}

/** Where log drains send. */
export const LINES = 'https://lines.example.com/';

export function createSimulatedReceivers(
  world: World,
  git: Pick<SimulatedGitHost, 'answer'>,
  takeLines: (url: string, headers: Record<string, string>, body: string) => void,
): SimulatedReceivers {
  const taken = new Map<string, string[]>();
  /** How the receivers of lines are, as long as anything fails. */
  const moods = new Map<string, string>();

  async function answerToLines(url: string, headers: Record<string, string>, body: string): Promise<Receipt> {
    const { faulty, random } = world;
    const mood = moods.get(url) ?? random.pick(['well', 'well', 'busy', 'choosy', 'silent']);
    moods.set(url, mood);
    const fails = faulty && random.chance(0.4);
    if (fails && mood === 'busy')
      return { status: random.pick([429, 500, 503]), retryAfterSeconds: random.below(90) };
    // The same batch, however often it comes.
    if (faulty && mood === 'choosy' && body.includes('DATABASE=')) return { status: 400 };
    const isBrokenOff = fails && mood === 'silent';
    if (!isBrokenOff || random.chance(0.5)) takeLines(url, headers, body);
    if (!isBrokenOff) return { status: 200 };
    await pause(10_000);
    return { fault: 'it did not answer' };
  }

  return {
    refusal: (url) => (url.startsWith('https://') ? undefined : 'be an https URL'),
    post: (url, { headers, body }) =>
      world
        .io('receivers.post', (): Receipt | Promise<Receipt> => {
          if (url.startsWith(LINES)) return answerToLines(url, headers, body);
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
