/** Two deployments side by side, behind the fence. */
import { type RequestOptions, request } from 'node:http';
import type { InstanceRef } from '../../core/model/index.ts';
import { Problem } from '../../core/problem.ts';
import type { CandidateRef, Tracks } from '../../ports/workloads.ts';
import type { Fences } from './fences.ts';
import type { Instance } from './instance.ts';

/** Asks for a path, and reads no more than the status. */
function ask(options: RequestOptions): Promise<{ status: number } | { fault: string }> {
  return new Promise((resolve) => {
    const asked = request({ ...options, agent: false }, (response) => {
      resolve({ status: response.statusCode ?? 0 });
      response.destroy();
    });
    asked.on('error', (error) => resolve({ fault: error.message }));
    asked.end();
  });
}

export function createTracks(fences: Fences, instanceOf: (ref: InstanceRef) => Instance | undefined): Tracks {
  const gone = ({ service }: InstanceRef, number: number): Problem =>
    new Problem('conflict', `Deployment ${number} of ${service} does not run here.`, {
      hint: 'Look at the newest deployment of the service.',
    });
  function candidate(ref: CandidateRef): Instance | undefined {
    fences.check(ref, ref.fence);
    return instanceOf(ref);
  }
  function present(ref: CandidateRef): Instance {
    const found = candidate(ref);
    if (found) return found;
    throw gone(ref, ref.number);
  }
  return {
    share: async (ref, percent) => present(ref).share(ref.number, percent),
    promote: async (ref) => present(ref).promote(ref.number),
    setAside: async (ref) => candidate(ref)?.setAside(ref.number),
    endStandby: async (ref, dueBy) => instanceOf(ref)?.endStandby(dueBy),
    async ask(ref, number, path, signal) {
      const address = instanceOf(ref)?.replicaOf(number);
      if (!address) throw gone(ref, number);
      return ask({ ...address, path, signal });
    },
  };
}
