import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptWrites, newOperation } from '../../../functions/commands/operations/operations.ts';
import { type Bench, openBench } from '../../support/bench.ts';

let bench: Bench;
let version: string;

beforeAll(async () => {
  bench = await openBench();
  version = await bench.build('one');
});
afterAll(() => bench?.close());

/** A build whose source is gone and whose version is there, as a crash at its end leaves it. */
async function almostDone() {
  const operation = newOperation(bench.ports, 'tester', {
    kind: 'build',
    project: 'shop',
    service: 'web',
    input: { kind: 'upload', source: 'gone' },
  });
  const built = { ...operation, status: 'running' as const, result: { version } };
  await bench.ports.store.transact(acceptWrites(bench.ports, built));
  return built;
}

describe('A build whose version is there', () => {
  it('succeeds when it runs again from its first step after a crash, though the source is gone', async () => {
    const operation = await almostDone();
    await bench.run(operation, 'buildImage', 'finishBuild');
    expect(await bench.operation(operation.id)).toMatchObject({ status: 'succeeded', result: { version } });
  });

  it('has succeeded, whatever its compensation was called for', async () => {
    const operation = await almostDone();
    await bench.run(operation, 'recoverBuild');
    expect(await bench.operation(operation.id)).toMatchObject({ status: 'succeeded', result: { version } });
  });
});
