/** Addresses that users name, and that Berth sends to. */

/** The status that the receiver answered with, of whatever kind, or why there is no answer, in words. */
export type Receipt =
  | {
      status: number;
      /** How long the receiver asks to be left alone, where it does; whole seconds. */
      retryAfterSeconds?: number;
    }
  | { fault: string };

/** An answer with its text, or why there is none, in words. */
export type Answered = { status: number; text: string } | { fault: string };

export interface Receivers {
  /**
   * What an address must be for something to be sent to it, in words that follow "must", such as `be an https URL`;
   * undefined where it is so. The address alone is looked at: what its name resolves to is checked at each
   * connection.
   */
  refusal(url: string): string | undefined;
  /**
   * POSTs a body, follows no redirect, and reads nothing of the answer but its head. It never rejects.
   * @param signal ends it before its own time is up
   */
  post(
    url: string,
    message: { headers: Record<string, string>; body: string },
    signal?: AbortSignal,
  ): Promise<Receipt>;
  /**
   * Asks, follows no redirect, and reads the answer, of 1 MiB at the most. It never rejects.
   * @param signal ends it before its own time is up
   */
  ask(
    request: { method: string; url: string; headers: Record<string, string>; body?: string },
    signal?: AbortSignal,
  ): Promise<Answered>;
}
