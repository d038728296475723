/** Makes what a project consists of; each answers with what to tell. */
import { api } from './client.ts';

export async function createService(project: string, name: string): Promise<string> {
  await api.POST('/v1/projects/{project}/services', { params: { path: { project } }, body: { name } });
  return `The service ${name} is there; now build a version of it.`;
}

export async function createEnvironment(
  project: string,
  body: { name: string; kind?: 'persistent' | 'ephemeral' },
): Promise<string> {
  await api.POST('/v1/projects/{project}/environments', { params: { path: { project } }, body });
  return `${body.name} is being made.`;
}
