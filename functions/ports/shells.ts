/** Doors to programs that people type to: each is a WebSocket that is opened once. */
import type { ExecSession } from './workloads.ts';

/** What became of a door, in lengths: never what went through it. */
export interface ShellSummary {
  seconds: number;
  bytesIn: number;
  bytesOut: number;
  /** Absent where the program was ended before its end. */
  exitCode?: number;
}

export interface ShellRequest {
  /** Whose doors are counted together. */
  person: string;
  /** Asked as the door is opened and while it is: whoever lost the access loses what it leads to. */
  stillAllowed(): Promise<boolean>;
  /** Starts the program, once the door is opened. @throws Problem, which is told through the door */
  start(): Promise<ExecSession>;
  /** Is told of the end, once; never of a door that nobody opened. */
  ended(summary: ShellSummary): void;
}

export interface Shells {
  /**
   * Makes a door.
   * @returns the path of the WebSocket, which is the key to it, and when it is too late to open it
   * @throws Problem too_many_requests
   */
  open(request: ShellRequest): { path: string; expiresAt: string };
}
