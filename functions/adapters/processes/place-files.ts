/** What a container needs before it can start: its files, its ports, its words. */

import type { ImageConfig } from '../../ports/registry.ts';
import { repositoryOf } from '../../ports/rules/workloads/specs-apart.ts';
import type { ContainerSpec, WorkloadSpec } from '../../ports/workloads.ts';
import type { PreparedContainer } from '../containers/containers.ts';
import { startProgram } from '../system/program.ts';
import type { Launch } from './container.ts';
import { type Context, markerOf } from './context.ts';
import { endpointsOf } from './network/forwarders.ts';
import { runCommand } from './programs/probe.ts';
import {
  makeContainerDirectories,
  makeInside,
  placeFile,
  placeVolume,
  volumeDirectory,
} from './root/root.ts';
import {
  containerVariables,
  containerWords,
  enclosedVariables,
  resolveWords,
  type Surroundings,
} from './variables.ts';

interface ProcessPlace extends Omit<Surroundings, 'bound' | 'ports' | 'marker'> {
  image: ImageConfig;
}

/** Where it runs: as processes of this machine in a directory, or in a container of the engine. */
export type Place = ProcessPlace | PreparedContainer;

const isPrepared = (place: Place): place is PreparedContainer => 'start' in place;

/** Lays out a container's files. @param unpackImage by default each container has its image unpacked for itself. @throws Problem image_unavailable | invalid_score */
export async function prepareContainer(
  context: Context,
  spec: WorkloadSpec,
  container: ContainerSpec,
  directory: string,
  unpackImage = context.unpackImage,
): Promise<Place> {
  const volumes = context.layout.volumes(spec);
  const prepared = await context.containers?.prepare(spec, container, {
    directory,
    volume: (source, path) => volumeDirectory(volumes, source, path),
    endpoints: () => endpointsOf(context.layout, spec),
  });
  if (prepared) return prepared;
  const { root, home, tmp } = await makeContainerDirectories(directory);
  const image = await unpackImage(repositoryOf(spec), container.digest, root);
  for (const mount of container.volumes) await placeVolume(root, volumes, mount);
  for (const file of container.files) await placeFile(root, file);
  return { root, home, tmp, image, directory: await makeInside(root, image.workingDir || '/') };
}

/** Ports for the container's ports: those of this machine that are free, or in a network of its own the very same. */
export async function bindPorts(
  context: Context,
  spec: WorkloadSpec,
  places: Iterable<Place>,
): Promise<Map<number, number>> {
  const isEnclosed = [...places].some(isPrepared);
  const bound = new Map<number, number>();
  for (const { targetPort, protocol } of spec.ports) {
    if (bound.has(targetPort)) continue;
    bound.set(targetPort, isEnclosed ? targetPort : await context.ports.take(protocol));
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
  const outer = new Map(spec.ports.map((port) => [port.port, port.targetPort]));
  const port = (number: number): number => bound.get(number) ?? bound.get(outer.get(number) ?? -1) ?? number;
  const { ports } = spec;
  const words = containerWords(container, place.image, { ports, bound });
  const present = new Set([...Object.keys(place.image.env), ...container.variables.map(({ name }) => name)]);
  const telemetry = context.telemetry?.variables(spec, present);
  if (isPrepared(place)) {
    const variables = { ...telemetry, ...enclosedVariables(container, place.image, { ports, bound }) };
    return {
      words,
      port,
      enclosed: true,
      run: (output) => place.start({ words, variables }, output),
    };
  }
  const surroundings = { ...place, marker: markerOf(context, spec, spec.number), ports, bound };
  const { directory } = place;
  const variables = { ...telemetry, ...containerVariables(container, place.image, surroundings) };
  const start = { ...resolveWords(words, place.root), directory, variables };
  return {
    words,
    port,
    enclosed: false,
    start,
    run: (output) => ({
      ...startProgram({ ...start, ...output }),
      exec: (command, timeoutMs) =>
        runCommand({ ...start, ...resolveWords(command, place.root) }, command, timeoutMs),
    }),
  };
}
