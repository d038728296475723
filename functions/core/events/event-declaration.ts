/** What is declared of a type of events, and the parts of their data that several have. */
import * as z from 'zod';

export interface EventDeclaration {
  /** The shape of `data`. Events of a type that declares none have no data. */
  data?: z.ZodType<Record<string, unknown> | undefined>;
  /** A sentence for people. `{service}` and `{environment}` stand for the event's own, other names for its data. */
  words: string;
  /** Other sentences, each for one value of a member of the data. */
  wordsFor?: readonly { member: string; value: string | number; words: string }[];
  /** Whether it is good or bad news; most events are neither. */
  tone?: 'good' | 'bad';
}

export type EventDeclarations = Readonly<Record<`${string}.${string}`, EventDeclaration>>;

/** Why an operation did not succeed. */
export const failureData = { code: z.string(), cause: z.string() };

/** The members of a record that a change made different. A side on which one is missing has no value of it. */
export const changesData = {
  changes: z.record(z.string(), z.object({ before: z.unknown().optional(), after: z.unknown().optional() })),
};
