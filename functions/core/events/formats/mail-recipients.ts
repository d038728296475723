/** Who may get mail of an installation: people of the domains that its operator names, so that nobody sends it elsewhere. */
import * as z from 'zod';

export interface MailSettings {
  /** The sender's address. */
  from: string;
  /** Domains of recipients; that of the sender where there are none. */
  domains: readonly string[];
}

const addressSchema = z.email().max(254);

export const domainOf = (address: string): string =>
  address.slice(address.lastIndexOf('@') + 1).toLowerCase();

export function recipientRefusal({ from, domains }: MailSettings, address: string): string | undefined {
  if (!addressSchema.safeParse(address).success) return 'be the address of one mailbox, as team@example.com';
  const allowed = domains.length > 0 ? domains : [domainOf(from)];
  if (allowed.includes(domainOf(address))) return undefined;
  return `be an address at ${allowed.join(' or ')}, where this Berth may send e-mail`;
}
