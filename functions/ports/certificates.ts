/** Orders certificates of a certificate authority, which proves by HTTP that a domain leads here. */
import type { Challenge } from '../core/model/index.ts';

/** An order that the authority has taken. */
export interface PlacedOrder {
  /** What it is known by. */
  url: string;
  /** What the domain has to answer before the order can go on. */
  challenges: Challenge[];
}

export interface Certificates {
  /** A new private key, PEM. */
  newKey(): Promise<string>;
  /**
   * Places an order. A second one for the same domain harms nothing but the authority's patience.
   * @throws Problem certificate_refused | TransientError
   */
  order(domain: string): Promise<PlacedOrder>;
  /**
   * Takes an order as far as it goes now, once its challenges are answered; it can be run again at any point.
   * @param key of the certificate, PEM: the same one each time
   * @returns the chain, PEM, its own certificate first; undefined while the authority works on it
   * @throws Problem certificate_refused: it comes to nothing | TransientError
   */
  finish(order: { domain: string; url: string; key: string }): Promise<string | undefined>;
}
