/**
 * A process that writes until it is killed: `node store-writer.ts <file> <name>`. Each transaction writes a
 * record and a counter; the number of each one that was acknowledged is printed.
 */
import { writeSync } from 'node:fs';
import { createSqliteStore } from '../../../../functions/adapters/local/store/store.ts';

const [, , path = '', name = ''] = process.argv;
const store = createSqliteStore({ path });

async function write(lane: number): Promise<never> {
  for (let number = 1; ; number++) {
    const sk = `${lane}-${String(number).padStart(8, '0')}`;
    await store.transact([
      { put: { pk: name, sk, data: 'x'.repeat(500) }, if: 'absent' },
      { put: { pk: `${name}-counter`, sk: String(lane), data: number } },
    ]);
    // Straight to the pipe: nothing acknowledged may wait in a buffer of this process.
    writeSync(1, `${sk}\n`);
  }
}

await Promise.all([write(1), write(2), write(3)]);
