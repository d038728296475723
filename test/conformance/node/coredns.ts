/** CoreDNS beside a cluster, as a program of this machine, as EKS Auto Mode has it beside its nodes. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { built } from '../support/node/programs.ts';
import { serve } from '../support/process.ts';

export interface Resolver {
  stop(): Promise<void>;
}

/** @param host the address that it listens at, on port 53 */
export async function startResolver(kubeconfig: string, host: string): Promise<Resolver> {
  const program = join(await built('coredns', ['go.mod', 'go.sum', 'main.go'], ['.']), 'coredns');
  const corefile = join(dirname(kubeconfig), 'Corefile');
  await writeFile(
    corefile,
    `.:53 {\n  bind ${host}\n  errors\n  kubernetes cluster.local {\n    kubeconfig ${kubeconfig}\n  }\n}\n`,
  );
  const { stop } = await serve(program, ['-conf', corefile], /CoreDNS-/);
  return { stop };
}
