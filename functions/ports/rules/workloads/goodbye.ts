/** What Ctrl-C and Ctrl-D send. */
const INTERRUPT = 3;
export const END = 4;
/**
 * When they are typed, milliseconds. An idle shell throws away what comes with an interrupt, and one whose program was interrupted first
 * shows its prompt.
 */
const KEYS = [
  [0, INTERRUPT],
  [250, END],
  [600, END],
] as const;
/** How long what reads them has, milliseconds. */
const GRACE_MS = 2_000;

/**
 * Ends a shell at a terminal, or an ordinary program in it, as who types would: for where nothing can be signaled.
 * @param type sends keys to the terminal @param leave is called when there is nothing more to do
 * @returns cancels what is left of it
 */
export function sayGoodbye(type: (keys: Uint8Array) => void, leave: () => void): () => void {
  const timers = KEYS.map(([at, key]) => setTimeout(() => type(Buffer.of(key)), at));
  timers.push(setTimeout(leave, GRACE_MS));
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}
