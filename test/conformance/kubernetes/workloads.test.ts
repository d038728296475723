import { afterAll, beforeAll, describe, it } from 'vitest';
import { workloadsContract } from '../../contracts/workloads/workloads.ts';
import { startCluster, type TestCluster, whyNoCluster } from '../support/cluster.ts';
import { makeKubernetesSubject, makeVolumes } from './subject.ts';

const why = await whyNoCluster();
if (why) console.log(`Skipped: no Kubernetes control plane, since ${why}.`);

describe.skipIf(why)('Kubernetes', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
    if (cluster.isSimulated) await makeVolumes(cluster);
  }, 2_400_000);
  afterAll(() => cluster?.stop());

  workloadsContract('Kubernetes', () => makeKubernetesSubject(cluster), { runsPrograms: false });
});

// A file without a test is an error.
it.runIf(why)('is skipped where Go is absent', () => undefined);
