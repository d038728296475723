import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rdsAuthority } from '../../../functions/adapters/aws/rds-authority.ts';

/** Two authorities, named as those of RDS are. */
const bundle = readFileSync(join(import.meta.dirname, 'authorities.pem'), 'utf8');
const count = (pem: string): number => pem.split('BEGIN CERTIFICATE').length - 1;

describe('The authority of RDS', () => {
  it('is the region’s own out of all', () => {
    const own = rdsAuthority(bundle, 'eu-west-2');
    expect(count(own)).toBe(1);
    expect(new X509Certificate(own).subject).toContain('Amazon RDS eu-west-2 Root CA');
  });

  it('is all of the bundle for a region that none is named by: too many verify what too few would not', () => {
    expect(count(rdsAuthority(bundle, 'mars-north-1'))).toBe(2);
  });
});
