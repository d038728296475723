import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createSchemas } from '../../../functions/api/openapi/json-schema.ts';

const port = z.int().meta({ id: 'TestPort', example: 80 });

describe('Schemas of the document', () => {
  it('are references where they have an id, with what is said beside it', () => {
    const schemas = createSchemas();
    expect(schemas.of(port)).toEqual({ $ref: '#/$defs/TestPort' });
    expect(schemas.of(port.meta({ description: 'Of the database.' }))).toEqual({
      allOf: [{ $ref: '#/$defs/TestPort' }, { description: 'Of the database.' }],
    });
    expect(schemas.components).toEqual({ TestPort: { type: 'integer', example: 80 } });
  });

  it('have an id of their own', () => {
    const schemas = createSchemas();
    schemas.of(z.object({ port: z.string().meta({ id: 'TestTwice' }) }));
    expect(() => schemas.of(z.object({ port: z.int().meta({ id: 'TestTwice' }) }))).toThrow(
      'Two schemas have the id "TestTwice"',
    );
  });

  it.each([
    ['a text or null', z.string().max(9).nullable(), { type: ['string', 'null'], maxLength: 9 }],
    ['one value', z.literal('Bearer'), { type: 'string', enum: ['Bearer'] }],
    [
      'names and values',
      z.record(z.string(), z.boolean()),
      { type: 'object', additionalProperties: { type: 'boolean' } },
    ],
    ['a time', z.iso.datetime({ offset: true }), { type: 'string', format: 'date-time' }],
    [
      'what code checks',
      z.string().max(9).transform(Number).meta({ type: 'string', example: '2' }),
      { type: 'string', example: '2' },
    ],
  ])('of %s are short', (_, schema, expected) => {
    expect(createSchemas().of(schema)).toEqual(expected);
  });
});
