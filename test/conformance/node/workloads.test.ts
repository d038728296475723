/** The contract of the Workloads port, with programs that run: a real kubelet, containerd, images and networks. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { workloadsContract } from '../../contracts/workloads/workloads.ts';
import { type RealPlace, startPlace, whyNoPlace } from './place.ts';
import { makeRealSubject } from './subject.ts';

const why = await whyNoPlace();
if (why) console.log(`Skipped: the Workloads contract on a real node, since ${why}.`);

describe.skipIf(why)('A real node', { timeout: 240_000 }, () => {
  let place: RealPlace;
  beforeAll(async () => {
    place = await startPlace();
  }, 2_400_000);
  afterAll(() => place?.stop());

  workloadsContract('a real node', () => makeRealSubject(place), { runsPrograms: true, inPods: true });
});

// A file without a test is an error.
it.runIf(why)('is skipped where there is no real node', () => undefined);
