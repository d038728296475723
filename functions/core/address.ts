/** Tells which IP addresses belong to the public internet. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const inner = new BlockList();
const INNER = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
for (const [network, prefix] of INNER) inner.addSubnet(network, prefix, 'ipv4');

/** IPv4 networks, as `10.0.0.0/8`, that are not of the public internet. */
export const INNER_NETWORKS: readonly string[] = INNER.map(([network, prefix]) => `${network}/${prefix}`);

// In IPv6 only global unicast is public; within it, ranges for IPv4 addresses or special uses are not.
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  inner.addSubnet(network, prefix, 'ipv6');

/**
 * Tells whether a textual IP address belongs to the public internet: it is not loopback, private, link-local (where
 * clouds keep their metadata), carrier NAT, multicast or reserved, nor an IPv4 address inside an IPv6 one.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !inner.check(address, 'ipv4');
  if (isIPv6(address) && !address.includes('%'))
    return globalUnicast.check(address, 'ipv6') && !inner.check(address, 'ipv6');
  return false;
}
