/** Real parts of one machine for tests of resource types; Workloads as far as the types use it, in memory. */
import { join } from 'node:path';
import { createEmbeddedPostgres } from '../../functions/adapters/local/postgres/databases.ts';
import { createSecretsFile } from '../../functions/adapters/local/secrets/secrets.ts';
import { createSqliteStore } from '../../functions/adapters/local/store/store.ts';
import { createEffects } from '../../functions/adapters/system/effects.ts';
import type { EnvironmentRef } from '../../functions/core/model/index.ts';
import { resourceIdentity } from '../../functions/core/score/resource-identity.ts';
import type { ScoreResource, ScoreWorkload } from '../../functions/core/score/workload.ts';
import type { Ports } from '../../functions/ports/index.ts';
import type { Workloads } from '../../functions/ports/workloads.ts';
import type { ResourceRequest } from '../../functions/resources/type.ts';

export interface TestPorts extends Ports {
  volumes: Map<string, number>;
  close(): Promise<void>;
}

/** Without a server until a test needs one. Parts that no resource type may touch are absent: using one fails. */
export async function openPorts(directory: string): Promise<TestPorts> {
  const effects = createEffects();
  const store = createSqliteStore({ path: join(directory, 'berth.db') });
  const databases = createEmbeddedPostgres({ directory: join(directory, 'postgres') });
  const secrets = await createSecretsFile({
    path: join(directory, 'secrets'),
    keyPath: join(directory, 'secrets.key'),
    effects,
  });
  const volumes = new Map<string, number>();
  const at = ({ project, environment }: EnvironmentRef) => `${project}/${environment}`;
  const workloads: Partial<Workloads> = {
    url: async ({ project, environment, service }) =>
      `http://${service}.${environment}.${project}.localhost:4600`,
    host: async ({ project, environment }, label) => `${label}.${environment}.${project}.localhost`,
    endpoint: async ({ service }, { targetPort }) => ({
      hostname: '127.0.0.1',
      port: targetPort + service.length,
    }),
    async ensureVolume(environment, name, size) {
      volumes.set(`${at(environment)}/${name}`, size);
      return `${at(environment)}/${name}`;
    },
    async removeVolume(environment, name) {
      volumes.delete(`${at(environment)}/${name}`);
    },
    async inventory(environment) {
      const prefix = `${at(environment)}/`;
      return [...volumes.keys()].filter((key) => key.startsWith(prefix)).map((key) => `volume ${key}`);
    },
  };
  return {
    store,
    databases,
    secrets,
    effects,
    workloads,
    volumes,
    async close() {
      await databases.close();
      await store.close();
      await secrets.close();
    },
  } as unknown as TestPorts;
}

export const workload = (name: string, parts: Partial<ScoreWorkload> = {}): ScoreWorkload => ({
  apiVersion: 'score.dev/v1b1',
  metadata: { name },
  containers: { main: { image: '.' } },
  ...parts,
});

export interface Asking {
  project?: string;
  environment?: string;
  environmentId?: string;
  service?: string;
  name?: string;
  workload?: Partial<ScoreWorkload>;
}

/** The request that a deployment makes for one declared resource. */
export function requestFor(resource: ScoreResource, asking: Asking = {}): ResourceRequest {
  const { project = 'demo', environment = 'dev', service = 'guestbook', name = 'it' } = asking;
  const { uid, class: className, id } = resourceIdentity(service, name, resource);
  const { environmentId = `id-of-${project}-${environment}` } = asking;
  return {
    project,
    environment,
    environmentId,
    service,
    workload: workload(service, { resources: { [name]: resource }, ...asking.workload }),
    uid,
    class: className,
    id,
    params: resource.params ?? {},
    operation: 'operation',
  };
}

/** The code of the problem that the work fails with, and what it says. */
export async function problemOf(work: Promise<unknown>): Promise<{ code: string; text: string }> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error) || !('hint' in error) || !('code' in error)) throw error;
  return { code: String(error.code), text: `${error.message} ${String(error.hint)}` };
}
