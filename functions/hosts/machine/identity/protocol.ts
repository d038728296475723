/** Where the identity provider of one machine is, and who asks it. */
export const IDENTITY_PATH = '/identity';
export const CONSOLE_CLIENT = 'berth-console';
export const TERMINAL_CLIENT = 'berth-terminal';

/** What Berth tells the provider's process, and hears from it. */
export interface ToProvider {
  origin: string;
  keysPath: string;
  /** Shows that a request comes from Berth, which has looked at it. */
  pass: string;
  password?: string;
}
export type FromProvider = { port: number } | { error: string };

export const PASS_HEADER = 'x-berth-pass';
