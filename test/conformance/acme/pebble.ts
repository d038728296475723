/** Debian's Pebble, an authority that is made for tests, and the name server that comes with it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/process.ts';
import { missingProgram, serve } from '../support/process.ts';
import { makeCertificate, whyNoTls } from '../support/tls.ts';

/** Why it can not run here; undefined where it can. */
export const whyNoPebble = async (): Promise<string | undefined> =>
  (await missingProgram([
    ['pebble', '-h'],
    ['pebble-challtestsrv', '-h'],
  ])) ?? (await whyNoTls());

export interface TestPebble {
  /** Address of its directory. */
  directory: string;
  /** Who has issued its own certificate: the file, and its PEM. */
  authorityFile: string;
  authority: string;
  /** Its name server, as `127.0.0.1:8053`: names lead to 127.0.0.1 there. */
  dns: string;
  setText(name: string, ...texts: string[]): Promise<void>;
  clearText(name: string): Promise<void>;
  setAlias(name: string, target: string): Promise<void>;
  /** Names lead to that address from now on. */
  leadTo(address: string): Promise<void>;
  /** The root of what it issues, PEM. */
  root(): Promise<string>;
  stop(): Promise<void>;
}

/** @param httpPort where it asks domains for their challenge */
export async function startPebble(httpPort: number): Promise<TestPebble> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-pebble-'));
  const own = await makeCertificate(directory);
  const [port, management, dnsPort, records] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: own.certificate,
      privateKey: own.key,
      httpPort,
      tlsPort: await freePort(),
    },
  };
  const file = join(directory, 'pebble.json');
  await writeFile(file, JSON.stringify(config));
  const names = await serve(
    'pebble-challtestsrv',
    [
      ...['-dns01', `127.0.0.1:${dnsPort}`, '-management', `127.0.0.1:${records}`, '-defaultIPv6', ''],
      ...['-http01', '', '-https01', '', '-tlsalpn01', ''],
    ],
    /Starting management server|management/i,
  );
  const pebble = await serve(
    'pebble',
    ['-config', file, '-dnsserver', `127.0.0.1:${dnsPort}`],
    /ACME directory available/i,
    { env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_AUTHZREUSE: '0' } },
  );
  const post = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${records}/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`/${path} was answered with ${answer.status}`);
  };
  return {
    directory: `https://localhost:${port}/dir`,
    authorityFile: own.certificate,
    authority: own.ca,
    dns: `127.0.0.1:${dnsPort}`,
    async setText(name, ...texts) {
      for (const value of texts) await post('set-txt', { host: `${name}.`, value });
    },
    clearText: (name) => post('clear-txt', { host: `${name}.` }),
    setAlias: (host, target) => post('set-cname', { host: `${host}.`, target: `${target}.` }),
    leadTo: (ip) => post('set-default-ipv4', { ip }),
    async root() {
      const { request } = await import('node:https');
      return new Promise((resolve, reject) => {
        request(
          { host: '127.0.0.1', port: management, path: '/roots/0', ca: own.ca, servername: 'localhost' },
          (answer) => {
            let text = '';
            answer.setEncoding('utf8').on('data', (chunk: string) => {
              text += chunk;
            });
            answer.on('end', () => resolve(text));
          },
        )
          .on('error', reject)
          .end();
      });
    },
    async stop() {
      await pebble.stop();
      await names.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
