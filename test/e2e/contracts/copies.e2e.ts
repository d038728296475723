/** Copies of databases of the server that comes with Berth. */
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createEmbeddedPostgres } from '../../../functions/adapters/local/postgres/databases.ts';
import { databaseCopies } from '../../contracts/copies/database-copies.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';

const databases = createEmbeddedPostgres({ directory: join(temporaryDirectories()(), 'postgres') });
afterAll(() => databases.close());
let names = 0;

databaseCopies(
  () => databases,
  () => `copies_${process.pid}_${names++}`,
);
