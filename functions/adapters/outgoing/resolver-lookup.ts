/** Resolves names of hosts that users name. */
import { promises, type lookup as systemLookup } from 'node:dns';

/**
 * Asks name servers without the resolver of the system: that one occupies one of four threads, which file access
 * needs too, for as long as a name server of the receiver's owner likes to wait.
 */
export function resolverLookup(): typeof systemLookup {
  const of = async (resolver: promises.Resolver, name: string, family: 4 | 6) =>
    (await (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name))).map((address) => ({
      address,
      family,
    }));
  const lookup = (
    name: string,
    _options: object,
    done: (error: unknown, found: { address: string; family: number }[]) => void,
  ): void => {
    // Each message has a resolver of its own, which knows the name servers that there are now.
    const resolver = new promises.Resolver({ timeout: 3_000, tries: 2 });
    void Promise.allSettled([of(resolver, name, 4), of(resolver, name, 6)]).then(([v4, v6]) => {
      const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      done(found.length === 0 && v4.status === 'rejected' ? v4.reason : null, found);
    });
  };
  return lookup as unknown as typeof systemLookup;
}
