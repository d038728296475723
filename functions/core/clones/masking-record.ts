/** How a project masks data that are copied to another environment. */

export interface MaskingRule {
  /** The resource's uid, in whatever environment. */
  resource: string;
  /** Statements of SQL; empty where there is nothing to mask in it. */
  sql: string;
}

export interface Masking {
  project: string;
  rules: MaskingRule[];
  createdAt: string;
  updatedAt: string;
  updatedBy: string;
}
