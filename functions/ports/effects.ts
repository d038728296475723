/** What makes two runs differ: the clock and chance. Real in production, seeded in a simulation. */
export interface Effects {
  /** Epoch milliseconds. */
  now(): number;
  /** A new id: 26 characters, sorts by time (ULID). */
  id(): string;
  /** `bytes` random bytes from a cryptographic source, base64url. */
  token(bytes: number): string;
}
