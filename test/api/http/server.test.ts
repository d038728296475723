/** The app behind a real socket: behaviour that a Request object alone can not show. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerType, serve } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMINISTRATOR, createSubject, type Subject, seed } from '../support.ts';

let subject: Subject;
let server: ServerType;
let port: number;
beforeAll(async () => {
  subject = await createSubject();
  await seed(subject);
  port = await new Promise((resolve) => {
    server = serve({ fetch: subject.app.fetch, port: 0, hostname: '127.0.0.1' }, (info) =>
      resolve(info.port),
    );
  });
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  expect(subject.errors).toEqual([]);
  await subject.close();
});

const headers = { authorization: `Bearer ${ADMINISTRATOR}` };

async function until(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000 && !check(); tries++) await sleep(10);
  expect(check()).toBe(true);
}

/** Sends bytes as they are; gives the first line of the answer. */
function raw(text: string, more?: (write: (chunk: string) => boolean) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(text);
      more?.((chunk) => socket.write(chunk));
    });
    socket.once('data', (data) => {
      resolve(data.toString().split('\r\n')[0]!);
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve('closed'));
  });
}

const head = (line: string) => `${line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMINISTRATOR}\r\n`;

describe('Behind a socket', () => {
  it('a client that goes takes its streams along', async () => {
    const stop = new AbortController();
    const url = `http://127.0.0.1:${port}/v1/projects/demo/events`;
    const init = { headers: { ...headers, accept: 'text/event-stream' }, signal: stop.signal };
    const responses = await Promise.all(Array.from({ length: 20 }, () => fetch(url, init)));
    expect(responses.every(({ status }) => status === 200)).toBe(true);
    expect(subject.app.streams.size).toBe(20);
    stop.abort();
    await until(() => subject.app.streams.size === 0);
  });

  it('an event arrives while the stream is open', async () => {
    const url = `http://127.0.0.1:${port}/v1/projects/demo/events`;
    const stop = new AbortController();
    const init = { headers: { ...headers, accept: 'text/event-stream' }, signal: stop.signal };
    const { body } = await fetch(url, init);
    await subject.api('PATCH', '/v1/projects/demo', { displayName: 'live' });
    let text = '';
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes('project.changed')) break;
    }
    expect(text).toContain('data: {');
    stop.abort();
    await until(() => subject.app.streams.size === 0);
  });

  it('a chunked body without end is cut off at its bound', async () => {
    const start = `${head('POST /v1/projects')}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const status = await raw(start, (write) => {
      const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
      for (let sent = 0; sent < 20; sent++) write(chunk);
    });
    expect(status).toBe('HTTP/1.1 413 Payload Too Large');
  });

  it('ids of people mean the same with and without the encoding that clients give them', async () => {
    const send = (line: string, body = '') =>
      raw(
        `${head(line)}Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    const members = '/v1/projects/demo/members';
    const body = '{"role":"viewer"}';
    expect(await send(`PUT ${members}/user%3Aada%40example.com%3d`, body)).toMatch(/^HTTP\/1.1 400/);
    expect(await send(`PUT ${members}/user%3aada%40example.com`, body)).toBe('HTTP/1.1 201 Created');
    expect(await send(`PUT ${members}/user:ada@example.com`, body)).toBe('HTTP/1.1 200 OK');
    expect(await send(`DELETE ${members}/user%3Aada@example.com`)).toBe('HTTP/1.1 204 No Content');
  });

  it('paths with dots and encodings reach no other route than they name', async () => {
    const get = (path: string) => raw(`${head(`GET ${path}`)}Connection: close\r\n\r\n`);
    expect(await get('/v1/projects/demo')).toBe('HTTP/1.1 200 OK');
    for (const path of ['/v1/projects/%64emo', '/v1/projects/a%2fb', '/v1//me', '/v1/projects/x%00']) {
      expect(await get(path), path).toMatch(/^HTTP\/1.1 400/);
    }
    expect(await get('/v1/projects/demo/../nope')).toMatch(/^HTTP\/1.1 4/);
  });
});
