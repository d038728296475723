/** A Berth of its own: starts a workload, says so, and waits to be killed. Arguments: directory, instance id. */

import { programs } from '../../contracts/workloads/workload-programs.ts';
import { containerSpec, workloadSpec } from '../../contracts/workloads/workloads-spec.ts';
import { makeLocalSubject } from './subject.ts';

const [directory = '', instanceId = ''] = process.argv.slice(2);
const { workloads, image } = await makeLocalSubject(directory, instanceId);
const ref = { project: 'demo', environment: 'dev', service: 'web' };
await workloads.ensureEnvironment(ref, { operation: 'op' });
await workloads.apply(workloadSpec(ref, 1, containerSpec(await image(programs.family))));
const rollout = await workloads.awaitRollout(ref, 1, AbortSignal.timeout(60_000));
const { port } = await workloads.endpoint(ref, { name: 'web', port: 80, targetPort: 8080, protocol: 'TCP' });
const pids = await (await fetch(`http://127.0.0.1:${port}`)).json();
process.stdout.write(`${JSON.stringify({ state: rollout.state, pids, port })}\n`);
