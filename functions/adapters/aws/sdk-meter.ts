/** Counts the requests of SDK clients that AWS asks money for. */
import type { Unit } from '../../core/units.ts';
import { count } from '../../ports/meter.ts';

/** The part of every SDK client that is needed here. */
interface Countable {
  middlewareStack: {
    add(
      middleware: <Args extends { input: object }, Output>(
        next: (args: Args) => Promise<Output>,
        context: { commandName?: string },
      ) => (args: Args) => Promise<Output>,
      options: { step: 'finalizeRequest'; priority: 'low'; name: string },
    ): void;
  };
}

/** What a request is paid by, by its command's name without `Command`; undefined where it costs nothing. */
export type Pricing = (command: string, input: object) => readonly [Unit, number] | undefined;

/**
 * Counts every request of a client on the meter of what is being done, each try of one that is repeated too: AWS
 * asks for those as well.
 */
export function countRequests<Client extends Countable>(client: Client, pricing: Pricing): Client {
  client.middlewareStack.add(
    (next, { commandName = 'unknown' }) =>
      (args) => {
        const price = pricing(commandName.replace(/Command$/, ''), args.input);
        if (price) count(...price);
        return next(args);
      },
    { step: 'finalizeRequest', priority: 'low', name: 'berthMeter' },
  );
  return client;
}

export const secretsManagerPricing: Pricing = () => ['secretsmanager.request', 1];

/** Deletes and the end of an upload that is given up are free. */
export const s3Pricing: Pricing = (command) => {
  if (/^(Delete|Abort)/.test(command)) return undefined;
  return /^(Get|Head)/.test(command) ? ['s3.read', 1] : ['s3.write', 1];
};

export const sqsPricing: Pricing = () => ['sqs.request', 1];
