/** Adapters that are loaded at their first call: importing a client of the AWS SDK takes longer than most answers. */

type Asynchronous = (...args: never[]) => Promise<unknown>;

/** Names of the methods that give promises. */
type AsynchronousOf<Port> = {
  [Name in keyof Port]-?: NonNullable<Port[Name]> extends Asynchronous ? Name : never;
}[keyof Port] &
  string;

/**
 * @param methods those that the adapter has; a call of any loads it, once
 */
export function lazy<Port extends object, Name extends AsynchronousOf<Port>>(
  load: () => Promise<Port>,
  methods: readonly Name[],
): Pick<Port, Name> {
  const loaded = once(load);
  const call =
    (name: Name) =>
    async (...args: never[]): Promise<unknown> =>
      ((await loaded())[name] as Asynchronous)(...args);
  return Object.fromEntries(methods.map((name) => [name, call(name)])) as Pick<Port, Name>;
}

/** What failed is tried anew by the next call. */
export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}
