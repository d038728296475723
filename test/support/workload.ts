/** Asks a workload through the router, by its Host header. */
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';

export interface WorkloadAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export interface WorkloadRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

export function askWorkload(
  port: number | string,
  host: string,
  path = '/',
  { method = 'GET', headers = {}, body }: WorkloadRequest = {},
): Promise<WorkloadAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { host: `${host}:${port}`, ...headers },
    };
    const request = httpRequest(options, async (response) => {
      try {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: await text(response) });
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject);
    request.end(body);
  });
}
