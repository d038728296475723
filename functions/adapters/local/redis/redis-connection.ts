/** The administrator's connection to a Redis server: commands that are answered in one line. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export interface RedisConnection {
  /** @returns what was answered. @throws Error with the server's words where it refuses */
  send(...words: readonly string[]): Promise<string>;
  end(): void;
}

/** How long the server may be silent, milliseconds. */
const SILENCE_MS = 10_000;

/** @throws Error where nobody listens there, or the server is silent */
export async function connectRedis(
  port: number,
  username: string,
  password: string,
): Promise<RedisConnection> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('the server is silent')));
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  const fail = (error: Error): void => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  let ended: Error | undefined;
  socket.on('error', (error) => {
    ended = error;
    fail(error);
  });
  socket.on('close', () => {
    ended ??= new Error('the server has ended the connection');
    fail(ended);
  });
  const lines = createInterface({ input: socket });
  // It tells the errors of the socket once more.
  lines.on('error', () => undefined);
  lines.on('line', (line) => {
    const next = waiting.shift();
    if (line.startsWith('-')) next?.reject(new Error(line.slice(1)));
    else next?.resolve(line.slice(1));
  });
  const send = (...words: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      waiting.push({ resolve, reject });
      const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${parts.join('')}`);
    });
  const end = (): void => void socket.destroy();
  try {
    await send('AUTH', username, password);
  } catch (error) {
    end();
    throw error;
  }
  return { send, end };
}
