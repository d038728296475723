/** What a container needs before it can start: its files, its ports, its words. */
import type { ImageConfig } from '../../ports/registry.ts';
import type { ContainerSpec, WorkloadSpec } from '../../ports/workloads.ts';
import type { Launch } from './container.ts';
import { type Context, markerOf } from './context.ts';
import { makeContainerDirectories, makeInside, placeFile, placeVolume } from './root/root.ts';
import { containerVariables, containerWords, resolveWords, type Surroundings } from './variables.ts';

export interface Place extends Omit<Surroundings, 'bound' | 'ports' | 'marker'> {
  image: ImageConfig;
}

/** Lays out a container's files. @param unpackImage by default each container has its image unpacked for itself. @throws Problem image_unavailable | invalid_score */
export async function prepareContainer(
  context: Context,
  spec: WorkloadSpec,
  container: ContainerSpec,
  directory: string,
  unpackImage = context.unpackImage,
): Promise<Place> {
  const { root, home, tmp } = await makeContainerDirectories(directory);
  const image = await unpackImage({ project: spec.project, service: spec.service }, container.digest, root);
  for (const mount of container.volumes) await placeVolume(root, context.layout.volumes(spec), mount);
  for (const file of container.files) await placeFile(root, file);
  return { root, home, tmp, image, directory: await makeInside(root, image.workingDir || '/') };
}

/** Ports on this machine for the container's ports. */
export async function bindPorts(context: Context, spec: WorkloadSpec): Promise<Map<number, number>> {
  const bound = new Map<number, number>();
  for (const { targetPort, protocol } of spec.ports) {
    if (!bound.has(targetPort)) bound.set(targetPort, await context.ports.take(protocol));
  }
  return bound;
}

export function launchOf(
  context: Context,
  spec: WorkloadSpec,
  container: ContainerSpec,
  place: Place,
  bound: ReadonlyMap<number, number>,
): Launch {
  const surroundings = { ...place, marker: markerOf(context, spec, spec.number), ports: spec.ports, bound };
  const outer = new Map(spec.ports.map((port) => [port.port, port.targetPort]));
  return {
    words: containerWords(container, place.image, surroundings),
    directory: place.directory,
    variables: containerVariables(container, place.image, surroundings),
    resolve: (words) => resolveWords(words, place.root),
    port: (port) => bound.get(port) ?? bound.get(outer.get(port) ?? -1) ?? port,
  };
}
