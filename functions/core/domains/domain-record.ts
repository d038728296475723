/** Domains: hosts of a customer's own that lead to a service, and their certificates. */
import type { InstanceRef } from '../model/deployment.ts';

/** What the DNS of a domain said when it was looked at. */
export interface DomainSighting {
  at: string;
  /** The kind of the record that proves the domain; absent where there is none. */
  proof?: 'TXT' | 'CNAME';
  /** What the proof's name says, as text; the first few. */
  found: string[];
  /** Where the domain itself points to by a CNAME. */
  pointsTo?: string;
  /** Why name servers gave no answer; nothing follows from such a look. */
  fault?: string;
  /** The proof is there, and another environment holds the domain. */
  held?: true;
}

/** What a certificate authority asks for at `/.well-known/acme-challenge/`. */
export interface Challenge {
  token: string;
  answer: string;
}

/** An order of a certificate that is under way. It is written before anything is ordered. */
export interface DomainOrder {
  /** Also the version of the key and of the certificate among the secrets. */
  id: string;
  begunAt: string;
  /** What the authority knows it by; absent until it has been placed. */
  url?: string;
  challenges: Challenge[];
}

export interface DomainCertificate {
  /** The version of the key and of the chain among the secrets. */
  version: string;
  notBefore: string;
  notAfter: string;
  issuer: string;
}

export interface Domain extends InstanceRef {
  environmentId: string;
  /** In lower case and ASCII. */
  name: string;
  /** What its DNS has to say: other for each environment, and the same whenever it is added to that one. */
  proof: string;
  seen?: DomainSighting;
  /** Since when it is proven; absent while it is not. */
  provenAt?: string;
  /** Since when a domain that was proven has no proof. */
  missingSince?: string;
  /** Since when it is served no more, for want of a proof. */
  suspendedAt?: string;
  order?: DomainOrder;
  /** The orders that failed since the last certificate, and why the last one did. */
  failed?: { count: number; at: string; why: string; retryAt: string };
  /** The budget of orders is used up until then. */
  waitsUntil?: string;
  certificate?: DomainCertificate;
  /** What was told of the certificate's end. */
  warned?: 'expiring' | 'expired';
  /** When it is looked at next. */
  nextAt: string;
  createdAt: string;
  createdBy: string;
}

/** Who holds a domain in the whole installation: written when it is proven, and never before. */
export interface DomainClaim extends InstanceRef {
  environmentId: string;
  name: string;
}

/** When a project ordered certificates, within the time that the budget is counted in. */
export interface CertificateOrders {
  at: string[];
}
