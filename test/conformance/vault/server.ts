/** Vault, built from its module: its core, its API and the three plugins that are tried, in memory. */
import { join } from 'node:path';
import { built } from '../support/node/programs.ts';
import { serve } from '../support/process.ts';

export interface TestVault {
  url: string;
  /** As its administrator. @returns the answer's body. @throws Error for a refusal */
  call(method: string, path: string, body?: object): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startVault(): Promise<TestVault> {
  const program = join(await built('vault', ['go.mod', 'go.sum', 'main.go'], ['.']), 'vault');
  const { ready, stop } = await serve(program, [], /listening on (\S+) with (\S+)/);
  const [, address = '', token = ''] = ready;
  const url = `http://${address}`;
  return {
    url,
    stop,
    async call(method, path, body) {
      // A mount that was just made is being turned into one of versions for a moment.
      for (let tries = 0; ; tries++) {
        const answer = await fetch(`${url}/v1/${path}`, {
          method,
          headers: { 'x-vault-token': token },
          ...(body && { body: JSON.stringify(body) }),
        });
        const text = await answer.text();
        if (answer.ok) return text === '' ? {} : JSON.parse(text);
        if (tries === 20 || !/upgrad/i.test(text))
          throw new Error(`${method} ${path} was answered with ${answer.status}: ${text.slice(0, 300)}`);
        await new Promise((done) => setTimeout(done, 250));
      }
    },
  };
}
