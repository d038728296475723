import { afterAll, beforeAll, describe, it } from 'vitest';
import { workloadsContract } from '../../contracts/workloads/workloads.ts';
import { temporaryDirectories } from '../../support/files/temporary.ts';
import { startPodman, type TestPodman, whyNoPodman } from '../support/containers/podman.ts';
import { makeContainersSubject } from './subject.ts';

const why = await whyNoPodman();
if (why) console.log(`Skipped: no containers, since ${why}.`);

describe.skipIf(why)('Containers of Podman', () => {
  const makeDirectory = temporaryDirectories();
  let podman: TestPodman;
  beforeAll(async () => {
    podman = await startPodman();
  });
  afterAll(() => podman?.stop());

  workloadsContract('containers', () => makeContainersSubject(podman, makeDirectory()), {
    runsPrograms: true,
    startsSlowly: true,
  });
});

// A file without a test is an error.
it.runIf(why)('is skipped where Podman is absent', () => undefined);
