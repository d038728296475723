/** E-mail of the installation, to the addresses that its operator allows. */

export interface Email {
  to: string;
  /** One line. */
  subject: string;
  /** Plain text. */
  text: string;
  /** The same for the same message: what is sent again after a crash can be told from another one. */
  id: string;
  /** What messages that belong together have in common. */
  thread?: string;
}

export interface Mail {
  /** What an address must be for mail to go to it, in words that follow "must"; undefined where it is so. */
  refusal(address: string): string | undefined;
  /**
   * Hands a message to the mail server once. It never rejects: `fault` says why the server did not take it, in words.
   * @param signal ends it before its own time is up; then the message may have been taken
   */
  send(email: Email, signal?: AbortSignal): Promise<{ fault?: string }>;
}
