/** What must hold of processes at quiet: those of the deployment that serves run, in their replicas, and no others do. */
import type { Deployment, Environment, Instance, Processes } from '../../../functions/core/model/index.ts';
import { processService } from '../../../functions/core/names.ts';
import { instancesOf } from '../../../functions/records/instances.ts';
import type { SimulatedPlaces } from '../ports/places.ts';
import type { World } from '../world.ts';
import { deploymentName } from './ledger.ts';

interface Observed {
  deployments: ReadonlyMap<string, Deployment>;
  places(): Pick<SimulatedPlaces, 'serving' | 'replicas'>;
}

export function createProcessOracle(world: World, { deployments, places }: Observed) {
  function wantedOf(environment: Environment, instance: Instance): Processes {
    const { current, state } = instance;
    if (environment.state !== 'ready' || state !== undefined || current === undefined) return {};
    return deployments.get(deploymentName({ ...instance, number: current }))?.processes ?? {};
  }

  function checkService(environment: Environment, instance: Instance): void {
    const { project, service, current } = instance;
    const name = `${project}/${environment.name}/${service}`;
    const wanted = wantedOf(environment, instance);
    const running = new Map(
      places()
        .serving()
        .flatMap((spec) =>
          spec.processOf === service && spec.project === project && spec.environment === environment.name
            ? [[spec.service, spec] as const]
            : [],
        ),
    );
    for (const [process, { replicas }] of Object.entries(wanted)) {
      const spec = running.get(processService(service, process));
      running.delete(processService(service, process));
      const has = spec ? places().replicas(spec) : 0;
      if (has !== replicas)
        world.violate(`I6: process ${process} of ${name} should have ${replicas} replicas, and has ${has}`);
      if (spec && spec.number !== current)
        world.violate(`I6: process ${process} of ${name} is of #${spec.number}, and #${current} serves`);
    }
    for (const { service: left, number } of running.values())
      world.violate(`I4: ${left} of #${number} runs, which ${name} has no process for`);
  }

  return {
    /**
     * @param environment one in which nothing goes on, and whose last change of state went well
     * @param canRun whether a service can be started again
     */
    check(environment: Environment, canRun: (instance: Instance) => boolean): void {
      for (const instance of instancesOf(environment))
        if (canRun(instance)) checkService(environment, instance);
    },
  };
}
