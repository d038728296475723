/** Budgets of databases that come from elsewhere. */
import { limit, MIB } from './limit.ts';

export const importLimits = {
  importText: limit({
    value: 16 * 1024 * MIB,
    unit: 'bytes',
    of: 'What is read of a server elsewhere, or of a dump, before it is compressed',
    each: 'an import',
    past: 'The import fails, and nothing was changed.',
    code: 'import_failed',
  }),
  importFile: limit({
    value: 4 * 1024 * MIB,
    unit: 'bytes',
    of: 'A dump that is sent',
    each: 'an import',
    past: 'It is refused while it is sent, and nothing of it is kept.',
    code: 'payload_too_large',
  }),
  importStatement: limit({
    value: 64 * MIB,
    unit: 'bytes',
    of: 'A statement of a dump, or a row of it',
    each: 'an import',
    past: 'The import fails, and nothing was changed.',
    code: 'import_failed',
  }),
  importEntries: limit({
    value: 256 * MIB,
    unit: 'bytes',
    of: 'The statements of all that a dump of pg_dump -Fc lists',
    each: 'an import',
    past: 'The import fails, and nothing was changed.',
    code: 'import_failed',
  }),
  importAnswer: limit({
    value: 256 * MIB,
    unit: 'bytes',
    of: 'An answer of a server elsewhere to one question; about a megabyte of rows is asked for at a time',
    each: 'an import',
    past: 'The import fails, and nothing was changed.',
    code: 'import_failed',
  }),
  importAnswerSeconds: limit({
    value: 300,
    unit: 'seconds',
    of: 'An answer of a server elsewhere to one question',
    each: 'an import',
    past: 'The import fails, and nothing was changed.',
    code: 'import_failed',
  }),
  importConnectSeconds: limit({
    value: 10,
    unit: 'seconds',
    of: 'Connecting to a server elsewhere',
    each: 'an import',
    past: 'The import fails, and nothing was changed.',
    code: 'import_failed',
  }),
};
