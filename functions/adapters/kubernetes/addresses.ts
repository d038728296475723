/** Where workloads are served; known without asking the cluster. */
import type { Workloads } from '../../ports/workloads.ts';
import { dnsLabel, domainName, hostLabel } from './object-names.ts';

export interface AddressOptions {
  /** Under which workloads are served, with a port if it is not the scheme's own: `apps.example.com`. */
  domain: string;
  /** Of the URLs that people use; `https` unless told. */
  scheme?: 'http' | 'https';
}

export const createAddresses = ({
  domain,
  scheme = 'https',
}: AddressOptions): Pick<Workloads, 'url' | 'host'> => ({
  url: async (instance) => `${scheme}://${hostLabel(instance)}.${domain}`,
  host: async (environment, label) => `${dnsLabel(environment, label)}.${domainName(domain)}`,
});
