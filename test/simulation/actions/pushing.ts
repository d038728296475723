/** Pushes and pull requests: their messages come late, twice, in any order, or not at all. */
import type { Message } from '../ports/git-host.ts';
import { pause } from '../world.ts';
import type { Action, Actor } from './action.ts';

const PULL_REQUESTS = 3;
const LATE_MS = 90_000;

async function deliver(
  { world: { random }, client, git }: Actor,
  message: Message | undefined,
): Promise<void> {
  const hook = git.hook();
  if (!message || !hook || random.chance(0.15)) return;
  for (let times = random.chance(0.3) ? 2 : 1; times > 0; times--) {
    await pause(random.below(LATE_MS));
    // Who gets no answer delivers the same message again, a few times.
    for (let tries = 1 + random.below(3); tries > 0; tries--) {
      const told = await client.tell(`/v1/hooks/git/${hook.id}`, message.body, message.headers);
      if (told && told.status < 300) git.taken(message);
      if (told && told.status < 500) break;
      await pause(1_000 + random.below(10_000));
    }
  }
}

export const pushing: Action[] = [
  [2, (actor) => deliver(actor, actor.git.push())],
  [
    3,
    (actor) => {
      const { random } = actor.world;
      return deliver(actor, actor.git.pull(1 + random.below(PULL_REQUESTS), random.chance(0.4)));
    },
  ],
];
