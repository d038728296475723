/** The path of the built-in identity provider, and the messages between Berth and its process. */
export const IDENTITY_PATH = '/identity';
export const CONSOLE_CLIENT = 'berth-console';
export const TERMINAL_CLIENT = 'berth-terminal';

/** The messages that Berth sends to the provider's process, and those that it receives. */
export interface ToProvider {
  origin: string;
  keysPath: string;
  /** Shows that a request comes from Berth, which has checked it. */
  pass: string;
  password?: string;
}
export type FromProvider = { port: number } | { error: string };

export const PASS_HEADER = 'x-berth-pass';
