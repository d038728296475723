/** The types of events and their data as the OpenAPI document has them; no route needs them to run. */
import * as z from 'zod';
import type { EventDeclaration } from '../../core/events/event-declaration.ts';
import { type EventType, eventTypes } from '../../core/events/event-types.ts';
import { createSchemas, type JsonSchema } from '../openapi/json-schema.ts';

/** The members of an event by which one type differs from another: its name and its data. */
export function eventVariant(type: EventType): JsonSchema {
  const { data }: EventDeclaration = eventTypes[type];
  return createSchemas().of(z.object({ type: z.literal(type), ...(data && { data }) }));
}

interface EventSchema {
  properties: { type: JsonSchema };
  oneOf?: JsonSchema[];
}

/** @returns the document with every type of events, and the data of each, in the schema `Event` */
export function withEventTypes(document: Record<string, unknown>): Record<string, unknown> {
  const types = Object.keys(eventTypes) as EventType[];
  const { schemas } = document.components as { schemas: { Event: EventSchema } };
  schemas.Event.properties.type.enum = types;
  schemas.Event.oneOf = types.map(eventVariant);
  return document;
}
