/** Loads adapters at their first call: importing a client of the AWS SDK takes longer than most answers. */

type Asynchronous = (...args: never[]) => Promise<unknown>;

/** The names of the methods that return promises. */
type AsynchronousOf<Port> = {
  [Name in keyof Port]-?: NonNullable<Port[Name]> extends Asynchronous ? Name : never;
}[keyof Port] &
  string;

/** @param methods the methods of the adapter; the first call of any of them loads it */
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

/** A load that failed is tried again by the next call. */
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
