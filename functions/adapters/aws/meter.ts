/** What AWS asks money for, counted where it is sent. */
export interface Meter {
  /** @param unit such as `wru` or `secretsmanager.GetSecretValue` */
  add(unit: string, amount: number): void;
  /** All that was counted since the start, or since the last `take`. */
  take(): Record<string, number>;
}

export function createMeter(): Meter {
  let units: Record<string, number> = {};
  return {
    add(unit, amount) {
      units[unit] = (units[unit] ?? 0) + amount;
    },
    take() {
      const taken = units;
      units = {};
      return taken;
    },
  };
}

/** The part of every SDK client that is needed here. */
interface Countable {
  middlewareStack: {
    add(
      middleware: <Args, Output>(
        next: (args: Args) => Promise<Output>,
        context: { commandName?: string },
      ) => (args: Args) => Promise<Output>,
      options: { step: 'finalizeRequest'; priority: 'low'; name: string },
    ): void;
  };
}

/**
 * Counts every request of a client, each try of one that is repeated too: AWS asks for those as well.
 * @param service what the units' names start with, such as `secretsmanager`
 */
export function countRequests<Client extends Countable>(
  client: Client,
  service: string,
  meter: Meter,
): Client {
  client.middlewareStack.add(
    (next, { commandName = 'unknown' }) =>
      (args) => {
        meter.add(`${service}.${commandName.replace(/Command$/, '')}`, 1);
        return next(args);
      },
    { step: 'finalizeRequest', priority: 'low', name: 'berthMeter' },
  );
  return client;
}
