/** What every SDK client is made with: three tries in all, and no request that waits for ever. */
export interface SdkOptions {
  region: string;
  /** Of another implementation than AWS, for tests. */
  endpoint?: string;
}

/** Spread into a client's constructor. */
export const sdkOptions = ({ region, endpoint }: SdkOptions) => ({
  region,
  ...(endpoint === undefined ? {} : { endpoint }),
  maxAttempts: 3,
  retryMode: 'standard' as const,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
});
