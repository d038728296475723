/** Addresses that users name, and that Berth sends to. */

/** What came of sending: a status, of whatever kind, or why there is none. */
export type Receipt = { status: number } | { fault: string };

export interface Receivers {
  /**
   * Why nothing is ever sent to an address, as it goes on from "must"; undefined where something may be. It is told by
   * the address alone: what a name resolves to counts with each connection.
   */
  refusal(url: string): string | undefined;
  /**
   * POSTs a body, follows no redirect, and takes no notice of the answer but for its status. Never rejects.
   * @param signal ends it before its own time is up
   */
  post(
    url: string,
    message: { headers: Record<string, string>; body: string },
    signal?: AbortSignal,
  ): Promise<Receipt>;
}
