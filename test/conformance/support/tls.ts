/** Certificates for servers of a suite. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { missingProgram } from './process.ts';

/** Why none can be made here; undefined when they can. */
export const whyNoTls = (): Promise<string | undefined> => missingProgram([['openssl', 'version']]);

export interface Certificate {
  /** Files, PEM. */
  certificate: string;
  key: string;
  /** The certificate itself: it is its own authority. */
  ca: string;
}

/** One for these hosts, good for a day. */
export async function makeCertificate(directory: string, names = ['localhost']): Promise<Certificate> {
  const [certificate, key] = [join(directory, 'server.crt'), join(directory, 'server.key')];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=localhost', '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`],
    ...['-keyout', key, '-out', certificate],
  ]);
  return { certificate, key, ca: await readFile(certificate, 'utf8') };
}
