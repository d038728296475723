/**
 * Every type of event, declared once. The types that may be emitted, those in the OpenAPI document, the console's
 * words and docs/reference/events.md all come from here.
 */
import type * as z from 'zod';
import { alertEvents } from '../alerts/alert-events.ts';
import { cloneEvents } from '../clones/clone-events.ts';
import { domainEvents } from '../domains/domain-events.ts';
import { drainEvents } from '../drains/drain-events.ts';
import { pipelineEvents } from '../pipelines/pipeline-events.ts';
import { accessEvents } from './access-events.ts';
import { connectionEvents } from './connection-events.ts';
import { deploymentEvents } from './deployment-events.ts';
import { environmentEvents } from './environment-events.ts';
import type { EventDeclarations } from './event-declaration.ts';
import { projectEvents } from './project-events.ts';
import { runEvents } from './run-events.ts';
import { secretEvents } from './secret-events.ts';
import { versionEvents } from './version-events.ts';
import { webhookEvents } from './webhook-events.ts';

export const eventTypes = {
  ...projectEvents,
  ...versionEvents,
  ...environmentEvents,
  ...cloneEvents,
  ...deploymentEvents,
  ...runEvents,
  ...secretEvents,
  ...accessEvents,
  ...webhookEvents,
  ...drainEvents,
  ...connectionEvents,
  ...domainEvents,
  ...pipelineEvents,
  ...alertEvents,
} as const satisfies EventDeclarations;

type Declared = typeof eventTypes;

/** `noun.verb`, as in `deployment.succeeded`. */
export type EventType = keyof Declared;

type DataMember<Declaration> = Declaration extends { data: infer Schema extends z.ZodType }
  ? undefined extends z.output<Schema>
    ? { data?: NonNullable<z.output<Schema>> }
    : { data: z.output<Schema> }
  : { data?: undefined };

/** The data of the events of a type. */
export type DataOf<Type extends EventType> = NonNullable<DataMember<Declared[Type]>['data']>;

/** The type of an event with the data that belongs to it: one member of the union for each type. */
export type TypedData = { [Type in EventType]: { type: Type } & DataMember<Declared[Type]> }[EventType];
