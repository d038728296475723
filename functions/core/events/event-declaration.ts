/** What is declared of a type of event, and parts of event data that several types share. */
import * as z from 'zod';

export interface EventDeclaration {
  /** The shape of `data`. Events of a type that declares no shape have no data. */
  data?: z.ZodType<Record<string, unknown> | undefined>;
  /**
   * A sentence for people. `{service}` and `{environment}` stand for the event's own fields, other names for its
   * data.
   */
  words: string;
  /** Other sentences, each for one value of a member of the data. */
  wordsFor?: readonly { member: string; value: string | number; words: string }[];
  /** Tells whether the event is good or bad news; most events are neither. */
  tone?: 'good' | 'bad';
}

export type EventDeclarations = Readonly<Record<`${string}.${string}`, EventDeclaration>>;

/** Why an operation did not succeed. */
export const failureData = {
  code: z.string().describe('Code of the problem that ended the operation.'),
  cause: z.string().describe('What happened and why.'),
};

/** A deployment that has to do with the event. */
export const deploymentData = z.object({
  service: z.string(),
  number: z.int(),
  version: z.string(),
  at: z.string(),
  by: z.string(),
});

const change = z.object({ before: z.unknown().optional(), after: z.unknown().optional() });

export const changesData = {
  changes: z
    .record(z.string(), change)
    .describe('What differs, by name; a side is missing where there was nothing, or is nothing any more.'),
};
