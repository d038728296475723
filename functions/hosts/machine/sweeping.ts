/** Runs the sweep again and again, together with the deliveries to webhooks. */
import type { Ports } from '../../ports/index.ts';
import { sweepDomains } from '../../sweep/domains.ts';
import { CLOCK_JUMPED, endLost, sweep } from '../../sweep/sweep.ts';
import { createDeliverer } from '../../webhooks/deliver.ts';
import type { LocalLog } from './terminal-log.ts';

/**
 * @param lost operations by id whose runs failed for good, with the error's name: each pass tries to end them
 * @returns stops it, and resolves when the pass that is under way has ended
 */
export function startSweeping(
  ports: Ports,
  everyMs: number,
  log: LocalLog,
  lost: Map<string, string>,
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const deliverer = createDeliverer(ports, {
    alone: true,
    onError: (webhook, error) => log.error(`Delivering to webhook ${webhook}`, error),
  });
  let pass: Promise<void> = Promise.resolve();
  /** Under way beside the sweep: others than we decide how long it takes. */
  let domains: Promise<void> | undefined;
  const lookAtDomains = async (): Promise<void> => {
    const { errors } = await sweepDomains(ports);
    for (const { what, error } of errors) log.error(`The sweep of ${what}`, error);
  };

  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      pass = once().finally(next);
    }, everyMs);
  };
  const once = async (): Promise<void> => {
    domains ??= lookAtDomains()
      .catch((error: unknown) => log.error('The sweep of domains', error))
      .finally(() => {
        domains = undefined;
      });
    try {
      const report = await sweep(ports);
      if (report.clockJumped === 'now') log.error('The sweep', new Error(CLOCK_JUMPED));
      for (const [id, error] of lost) if (await endLost(ports, id, error)) lost.delete(id);
      await deliverer.pass();
      for (const { what, error } of report.errors) log.error(`The sweep of ${what}`, error);
    } catch (error) {
      log.error('The sweep', error);
    }
  };
  next();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await pass;
    await domains;
    await deliverer.close();
  };
}
