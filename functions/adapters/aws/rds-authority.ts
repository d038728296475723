/** Authorities of RDS: a region's own, out of all that AWS hands out together. */
import { X509Certificate } from 'node:crypto';

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * @param bundle PEM of many authorities, as Lambda keeps it
 * @returns PEM of those that sign the certificates of RDS in the region; all of the bundle, where none says that it does
 */
export function rdsAuthority(bundle: string, region: string): string {
  const all = bundle.match(CERTIFICATES) ?? [];
  const own = all.filter((pem) => new X509Certificate(pem).subject.includes(`Amazon RDS ${region} `));
  return `${(own.length > 0 ? own : all).join('\n')}\n`;
}
