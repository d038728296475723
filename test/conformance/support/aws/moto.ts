/** Moto's server: most of AWS's control planes, written by others. */
import { serve } from '../process.ts';
import { pythonWith, whyNoPython } from '../python.ts';

const VERSION = '5.2.5';

export const whyNoMoto = whyNoPython;

export interface Moto {
  /** The endpoint of all its services, without a slash at the end. */
  url: string;
  /** What each client takes: the endpoint, a region and credentials that mean nothing. */
  client: {
    endpoint: string;
    region: string;
    credentials: { accessKeyId: string; secretAccessKey: string };
  };
  /** Forgets all that was made. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one on a port chosen by the kernel. `env` sets its options (MOTO_...). */
export async function startMoto(env: Record<string, string> = {}, host = '127.0.0.1'): Promise<Moto> {
  const server = await serve(
    await pythonWith([`moto[server]==${VERSION}`]),
    ['-m', 'moto.server', '-H', host, '-p', '0'],
    /Running on (http:\/\/[\d.]+:\d+)/,
    { env: { PYTHONUNBUFFERED: '1', AWS_DEFAULT_REGION: 'us-east-1', ...env } },
  );
  const url = server.ready[1] ?? '';
  return {
    url,
    client: {
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    },
    async reset() {
      await fetch(`${url}/moto-api/reset`, { method: 'POST' });
    },
    stop: server.stop,
  };
}
